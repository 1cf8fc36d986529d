import koffi from 'koffi';
import { messageOf } from '../../errors.js';
import { DRIVER_LIBRARY, librariesForGpu } from '../library/cuda-libraries.js';
import { pinLibrary } from './pin-library.js';

/** A library that does not open, by path, or by name where the system has to find it. */
export interface ClosedLibrary {
  path: string;
  /** What the dynamic loader says. */
  reason: string;
}

/** Opens what TensorFlow opens when it looks for a GPU; returns what does not open. */
export function closedLibraries(framework: string): ClosedLibrary[] {
  return librariesForGpu(framework).flatMap((path) => {
    try {
      pinLibrary(path);
      return [];
    } catch (error) {
      return [{ path, reason: messageOf(error) }];
    }
  });
}

/** The newest CUDA version that the driver supports; null where it does not say. */
export function driverVersion(): { major: number; minor: number } | null {
  try {
    const ask = koffi.load(DRIVER_LIBRARY).func('int cuDriverGetVersion(_Out_ int* version)');
    const version = [0];
    if (ask(version) !== 0) return null;
    return { major: Math.floor(version[0] / 1000), minor: Math.floor((version[0] % 1000) / 10) };
  } catch {
    return null;
  }
}
