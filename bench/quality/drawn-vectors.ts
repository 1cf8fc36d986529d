import { float32, type HostTensor } from '../../src/host-tensor.js';
import type { Rng } from '../../src/random.js';

/** Steps of training mode after which running statistics are those of the data: with a momentum of 0.1 the first ones are 5 % of them then. */
export const SETTLING_STEPS = 28;

/** Scales and offsets that are not 1 and 0, as training leaves them. */
export function drawnVectors(saved: Record<string, HostTensor>, rng: Rng): Record<string, HostTensor> {
  const vectors = Object.entries(saved).filter(([, { shape }]) => shape.length === 1);
  const drawn = vectors.map(([name, { data, shape }]): [string, HostTensor] => {
    const draw = (value: number) => (name.endsWith('scale') ? value * rng.uniform(0.5, 2) : 0.3 * rng.normal());
    return [name, float32(Float32Array.from(data as Float32Array, draw), shape)];
  });
  return Object.fromEntries(drawn);
}
