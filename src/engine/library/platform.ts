import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** File names of the TensorFlow library; `single` is the older one-file layout of the Node package of TensorFlow. */
export interface LibraryNames {
  cc: string;
  framework: string;
  single: string;
}

/** `linux-x64`, `darwin-arm64` and the like: Node's names of the system and of the processor. */
export function currentPlatform(): string {
  return `${process.platform}-${process.arch}`;
}

export function libraryNames(platform: string): LibraryNames {
  return platform.startsWith('darwin')
    ? {
        cc: 'libtensorflow_cc.2.dylib',
        framework: 'libtensorflow_framework.2.dylib',
        single: 'libtensorflow.2.dylib',
      }
    : { cc: 'libtensorflow_cc.so.2', framework: 'libtensorflow_framework.so.2', single: 'libtensorflow.so.2' };
}

/** True when the kernel shows an NVIDIA driver (or its stand-in under WSL), or LD_LIBRARY_PATH leads to one's library. */
export function hasNvidiaDriver(env: NodeJS.ProcessEnv = process.env): boolean {
  const named = (env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean);
  const places = ['/dev/nvidiactl', '/proc/driver/nvidia/version', '/dev/dxg'];
  return [...places, ...named.map((folder) => join(folder, 'libcuda.so.1'))].some((path) => existsSync(path));
}

/** The advice where TensorFlow's ready-made libraries do not run. */
export const OWN_LIBRARY = 'set VOXLOOP_TENSORFLOW to a folder with a TensorFlow 2 C library built for this machine';

/**
 * The reason why the ready-made library cannot run on this machine although its platform is supported, or null: a C library other
 * than glibc, or an x64 processor without AVX (loading it would end the process without a word).
 */
export function whyNotRunnable(): string | null {
  if (process.platform !== 'linux') return null;
  if (!usesGlibc()) return "TensorFlow's library needs glibc 2.27 or newer, and this system has another C library";
  if (process.arch === 'x64' && !hasAvx()) {
    return "TensorFlow's library needs a processor with AVX instructions, which this one lacks";
  }
  return null;
}

function usesGlibc(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header === undefined || report.header.glibcVersionRuntime !== undefined;
}

function hasAvx(): boolean {
  try {
    return /^flags\s*:.*\bavx\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return true;
  }
}
