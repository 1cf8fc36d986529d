import { float32, type HostTensor, sizeOf } from '../../src/host-tensor.js';
import { createRng } from '../../src/random.js';

/** Standard normal numbers times `scale`. */
export function normals(count: number, seed: number | string, scale = 1): Float32Array {
  const rng = createRng(seed).fork('normals');
  return Float32Array.from({ length: count }, () => scale * rng.normal());
}

/** A tensor of them. */
export const normalTensor = (shape: number[], seed: number | string, scale = 1): HostTensor =>
  float32(normals(sizeOf(shape), seed, scale), shape);
