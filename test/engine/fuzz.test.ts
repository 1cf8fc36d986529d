import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const CHECKER = 'libc_malloc_debug.so.0';
const PROGRAM = fileURLToPath(new URL('../../bench/fuzz/fuzz-ops.js', import.meta.url));

/** Runs a Node program under glibc's malloc checker, which aborts where a write went past its buffer. */
function underChecker(args: string[]) {
  const env = { ...process.env, GLIBC_TUNABLES: 'glibc.malloc.check=3', LD_PRELOAD: CHECKER };
  return spawnSync(process.execPath, args, { env, encoding: 'utf8', maxBuffer: 2 ** 26 });
}

/** Why the checker cannot be used here, or undefined. */
function missingChecker(): string | undefined {
  if (process.platform !== 'linux') return 'the malloc checker is part of glibc, which only Linux has';
  const { stdout, stderr } = underChecker(['-p', "/malloc_debug/.test(fs.readFileSync('/proc/self/maps', 'utf8'))"]);
  return stdout.trim() === 'true' ? undefined : `${CHECKER} cannot be preloaded: ${stderr.trim()}`;
}

for (const [compute, cases, seed] of [
  ['float32', 300, 1],
  ['bfloat16', 60, 2],
] as const) {
  // biome-ignore format: a table
  test(`ops over ${cases} odd shapes in ${compute} agree with plain loops and leave the heap whole`, (t) => {
    const reason = missingChecker();
    if (reason) t.log(`without the malloc checker: ${reason}`);
    const args = [PROGRAM, `${cases}`, `${seed}`, '--compute', compute];
    const { status, signal, stdout, stderr } = reason
      ? spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })
      : underChecker(args);
    const last = stderr.trim().split('\n').slice(-12).join('\n');
    t.is(status, 0, `${signal ?? ''} after:\n${last}`);
    t.deepEqual(JSON.parse(stdout), { cases, seed, compute, threads: 0, mallocChecker: !reason, differences: [] });
  });
}
