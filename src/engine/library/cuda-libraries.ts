import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasNvidiaDriver } from './platform.js';

/**
 * CUDA libraries that TensorFlow opens by name when it looks for a GPU, but cannot find by itself: the search path of
 * libtensorflow_framework, which opens them, names the folders of all wheels but cuSOLVER's. Without it TensorFlow registers no
 * GPU. A library that is already open is found by its name.
 */
export function librariesOutOfReach(framework: string, nvidiaDriver = hasNvidiaDriver()): string[] {
  const path = join(dirname(framework), '..', 'nvidia', 'cusolver', 'lib', 'libcusolver.so.11');
  return nvidiaDriver && existsSync(path) ? [path] : [];
}
