import { UserError } from '../errors.js';
import { norm } from '../rows.js';

/**
 * An embedding as a vector of length one, around the mean embedding where one is given.
 * @throws UserError naming the recording when the embedding is not finite, or has no direction
 */
export function directionOf(name: string, embedding: Float32Array, mean: Float32Array | null): Float32Array {
  const centred = embedding.map((value, i) => (mean ? value - mean[i] : value));
  const length = norm(centred);
  if (!Number.isFinite(length))
    throw new UserError(`The embedding of ${name} is not finite. Check the recording and the model.`);
  if (length === 0)
    throw new UserError(
      `The embedding of ${name} has no direction: it is zero or equals the mean. Is the recording silent?`,
    );
  return centred.map((value) => value / length);
}

/** The mean of unit vectors [rows, size], at length one. @throws UserError naming them when they cancel out */
export function centroidOf(name: string, units: Float32Array, size: number): Float32Array {
  const sum = new Float32Array(size);
  for (let i = 0; i < units.length; i++) sum[i % size] += units[i];
  const length = norm(sum);
  if (length * size > 1e-4 * units.length) return sum.map((value) => value / length);
  throw new UserError(`The recordings of ${name} cancel each other out. Remove the speaker and enrol again.`);
}
