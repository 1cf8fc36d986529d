import { UserError } from '../errors.js';

/** The dot product of two vectors of one length. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/**
 * An embedding as a vector of length one, around the mean embedding where one is given.
 * @throws UserError naming the recording when the embedding is not finite, or has no direction
 */
export function directionOf(name: string, embedding: Float32Array, mean: Float32Array | null): Float32Array {
  const centred = embedding.map((value, i) => (mean ? value - mean[i] : value));
  const norm = Math.sqrt(dot(centred, centred));
  if (!Number.isFinite(norm))
    throw new UserError(`The embedding of ${name} is not finite. Check the recording and the model.`);
  if (norm === 0)
    throw new UserError(`The embedding of ${name} has no direction: it is the mean or zero. Is it silent?`);
  return centred.map((value) => value / norm);
}

/** The mean of unit vectors [rows, size], at length one. @throws UserError naming them when they cancel out */
export function centroidOf(name: string, units: Float32Array, size: number): Float32Array {
  const sum = new Float32Array(size);
  for (let i = 0; i < units.length; i++) sum[i % size] += units[i];
  const norm = Math.sqrt(dot(sum, sum));
  if (norm * size > 1e-4 * units.length) return sum.map((value) => value / norm);
  throw new UserError(`The recordings of ${name} cancel each other out. Remove the speaker and enrol again.`);
}
