import { sizeOf } from '../host-tensor.js';
import type { Rng } from '../random.js';
import type { Initializer } from './scope.js';

function fill(shape: number[], draw: () => number): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return values;
}

/** Inputs that one output sees: all dimensions but the last. */
const fanIn = (shape: number[]): number => sizeOf(shape) / shape[shape.length - 1];

/**
 * Normal with variance 2 / fan-in, for layers before a rectifier (He et al., "Delving Deep into Rectifiers: Surpassing Human-Level
 * Performance on ImageNet Classification", 2015, arXiv:1502.01852).
 */
export const heNormal: Initializer = (shape, rng) => {
  const std = Math.sqrt(2 / fanIn(shape));
  return fill(shape, () => std * rng.normal());
};

/**
 * Uniform in ±sqrt(6 / (fan-in + fan-out)), for [in, out] and [.., in, out] kernels (Glorot and Bengio, "Understanding the
 * difficulty of training deep feedforward neural networks", AISTATS 2010).
 */
export const glorotUniform: Initializer = (shape, rng) => {
  const [fanOut, receptive] = [shape[shape.length - 1], sizeOf(shape.slice(0, -2))];
  const limit = Math.sqrt(6 / (fanIn(shape) + fanOut * receptive));
  return fill(shape, () => rng.uniform(-limit, limit));
};

/** Normal of standard deviation `std`, redrawn beyond two standard deviations. */
export const truncatedNormal =
  (std: number): Initializer =>
  (shape, rng) =>
    fill(shape, () => std * within(rng, 2));

function within(rng: Rng, limit: number): number {
  for (;;) {
    const value = rng.normal();
    if (Math.abs(value) <= limit) return value;
  }
}

/** Unit rows of random direction, for [rows, size]. */
export const unitRows: Initializer = (shape, rng) => {
  const values = fill(shape, () => rng.normal());
  const size = shape[shape.length - 1];
  for (let start = 0; start < values.length; start += size) {
    const row = values.subarray(start, start + size);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    row.forEach((value, i) => {
      row[i] = value / length;
    });
  }
  return values;
};
