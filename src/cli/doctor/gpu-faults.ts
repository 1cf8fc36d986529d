import { basename } from 'node:path';
import { closedLibraries, driverVersion } from '../../engine/graph/gpu-libraries.js';
import { DRIVER_LIBRARY } from '../../engine/library/cuda-libraries.js';
import type { Missing } from './doctor-checks.js';
import { CUDA_MAJOR, DRIVER } from './nvidia-driver.js';

/** Why TensorFlow finds no GPU though there is a driver: each library that does not open, and a driver that is too old. */
export async function gpuFaults(framework: string): Promise<Missing[]> {
  const closed = closedLibraries(framework).map(({ path, reason }) => ({
    what: basename(path),
    why: `TensorFlow looks for a GPU only where this library opens, and it does not: ${reason}`,
    fix:
      path === DRIVER_LIBRARY
        ? `install the NVIDIA driver, ${DRIVER}; in a container, start it with access to the GPU`
        : 'npx voxloop setup --gpu --force',
    required: true,
  }));
  return [...closed, ...oldDriver()];
}

function oldDriver(): Missing[] {
  const version = driverVersion();
  if (version === null || version.major >= CUDA_MAJOR) return [];
  const why = `it supports CUDA ${version.major}.${version.minor}, and TensorFlow needs CUDA ${CUDA_MAJOR}`;
  return [{ what: 'NVIDIA driver', why, fix: `install the driver, ${DRIVER}`, required: true }];
}
