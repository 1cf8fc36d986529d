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

/** The folder of the wheel and the name of each CUDA library that the pinned TensorFlow opens when it looks for a GPU. */
const OPENED = [
  ['cuda_runtime', 'libcudart.so.12'],
  ['cublas', 'libcublas.so.12'],
  ['cublas', 'libcublasLt.so.12'],
  ['cufft', 'libcufft.so.11'],
  ['cusolver', 'libcusolver.so.11'],
  ['cusparse', 'libcusparse.so.12'],
  ['cudnn', 'libcudnn.so.9'],
] as const;

/**
 * Libraries without which TensorFlow registers no GPU, in the order in which it opens them: paths of those of `voxloop setup --gpu`,
 * the name alone of the driver's and of those that are not beside `framework`, which the system may have.
 */
export function librariesForGpu(framework: string): string[] {
  const installed = OPENED.map(([wheel, name]) => {
    const path = join(dirname(framework), '..', 'nvidia', wheel, 'lib', name);
    return existsSync(path) ? path : name;
  });
  return [DRIVER_LIBRARY, ...installed];
}

/** Part of the NVIDIA driver. */
export const DRIVER_LIBRARY = 'libcuda.so.1';
