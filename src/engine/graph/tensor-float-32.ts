import { beyondCApi } from './c-api.js';

/**
 * Lets GPUs round the factors of float32 products and convolutions to TF32 (10 bits of mantissa), or forbids it. One switch for the whole
 * process, read when an operation starts; TensorFlow's own default is on. The C API has no call for it: a library that does not export the
 * C++ function keeps its default.
 */
export function allowTensorFloat32(on: boolean): void {
  beyondCApi('void _ZN3tsl32enable_tensor_float_32_executionEb(bool on)')?.(on);
}

/** The switch as it stands; null where the library does not tell. */
export function tensorFloat32Allowed(): boolean | null {
  return beyondCApi('bool _ZN3tsl33tensor_float_32_execution_enabledEv()')?.() ?? null;
}
