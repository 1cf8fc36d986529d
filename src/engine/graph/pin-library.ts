import koffi from 'koffi';

const DARWIN = process.platform === 'darwin';
// RTLD_LAZY | RTLD_GLOBAL | RTLD_NODELETE, whose bits differ between the two systems. To look up every function of the library at once,
// as RTLD_NOW does, takes a fifth of a second; few are called.
const FLAGS = DARWIN ? 0x1 | 0x8 | 0x80 : 0x1 | 0x100 | 0x1000;
const WRITE_ONLY = 1;
const STDERR = 2;

/**
 * Opens a shared library for the life of the process. koffi unloads what it loaded when Node exits, and TensorFlow's own
 * exit handlers would then run in unmapped code (exit code 139 after a harmless program); NODELETE keeps it mapped.
 */
export function pinLibrary(path: string): void {
  const libc = koffi.load(DARWIN ? 'libSystem.B.dylib' : 'libc.so.6');
  const dlopen = libc.func('void* dlopen(const char* path, int flags)');
  const dlerror = libc.func('const char* dlerror()');
  const dup = libc.func('int dup(int fd)');
  const dup2 = libc.func('int dup2(int from, int to)');
  const open = libc.func('int open(const char* path, int flags)');
  const close = libc.func('int close(int fd)');
  // While it is mapped in, before its own log settings are read, the library announces oneDNN on stderr.
  const [stderr, nowhere] = [dup(STDERR), open('/dev/null', WRITE_ONLY)];
  dup2(nowhere, STDERR);
  const handle = dlopen(path, FLAGS);
  const reason = handle ? '' : dlerror();
  dup2(stderr, STDERR);
  close(nowhere);
  close(stderr);
  if (!handle) throw new Error(`${path} cannot be loaded: ${reason}`);
}
