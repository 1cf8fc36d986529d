import { float32, type HostTensor } from '../../../src/host-tensor.js';
import { hash32 } from '../../../src/random.js';

const [ROWS, FRAMES] = [2, 131];

/** Numbers of 24 random bits each in [low, high), a function of the name and of their place: the bits of test/fixtures/networks/make.py. */
function uniform(name: string, count: number, low: number, high: number): Float32Array {
  const values = new Float32Array(count);
  const seed = hash32(name);
  for (let i = 0; i < count; i++) {
    let h = (Math.imul(i, 0x9e3779b9) + seed) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
    h ^= h >>> 16;
    values[i] = low + (high - low) * ((h >>> 8) / 2 ** 24);
  }
  return values;
}

/** The range of running variances. */
export type Range = readonly [low: number, high: number];

/** A vector of a published state dict, drawn from its name. */
export function drawnVector(name: string, size: number, variance: Range): Float32Array {
  if (name.endsWith('running_var')) return uniform(name, size, ...variance);
  return /(running_mean|bias)$/.test(name) ? uniform(name, size, -0.3, 0.3) : uniform(name, size, 0.5, 1.5);
}

/** A matrix or kernel of a published state dict in its own order, [outputs, inputs, ...], drawn from its name. */
export function drawnKernel(name: string, outputs: number, count: number): Float32Array {
  const bound = Math.sqrt(6 / (count / outputs));
  return uniform(name, count, -bound, bound);
}

/** Features [rows, frames, bins]: noise, and a level of each bin that tells the rows apart. */
export function drawnFeatures(bins: number): HostTensor {
  const noise = uniform('features', ROWS * FRAMES * bins, -1, 1);
  const levels = uniform('levels', ROWS * bins, -3, 3);
  const data = noise.map((value, i) => value + levels[Math.floor(i / (FRAMES * bins)) * bins + (i % bins)]);
  return float32(data, [ROWS, FRAMES, bins]);
}
