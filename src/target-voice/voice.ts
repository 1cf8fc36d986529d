import { norm } from '../rows.js';

/**
 * An embedding as a mask network takes it: around the mean of its model's embeddings, at a length of the root of its size, so that its numbers
 * have a mean square of 1.
 * @param embeddings of recordings of one speaker, not normalised, [size] each; their mean direction is taken
 * @param mean [size]
 * @returns [size]; null where nothing is left of a direction, such as of an embedding that is the mean
 */
export function voiceOf(embeddings: readonly Float32Array[], mean: Float32Array): Float32Array | null {
  const sum = new Float32Array(mean.length);
  for (const embedding of embeddings) {
    const around = embedding.map((value, i) => value - mean[i]);
    const length = norm(around);
    if (length > 0) for (let i = 0; i < sum.length; i++) sum[i] += around[i] / length;
  }
  const length = norm(sum);
  return length > 0 ? sum.map((value) => (value * Math.sqrt(sum.length)) / length) : null;
}
