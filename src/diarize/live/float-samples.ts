import { UserError } from '../../errors.js';

/** One channel of sound: floating point in [-1, 1], or 16 bits. */
export type Pcm = Float32Array | Int16Array;

/** A copy of a chunk as floating point in [-1, 1]. @throws UserError for anything else, and for samples that are not finite */
export function floatSamples(chunk: Pcm): Float32Array {
  if (chunk instanceof Int16Array) return Float32Array.from(chunk, (sample) => sample / 32768);
  if (!(chunk instanceof Float32Array))
    throw new UserError('A chunk of sound is a Float32Array in [-1, 1] or an Int16Array, of one channel.');
  const wrong = chunk.findIndex((sample) => !Number.isFinite(sample));
  if (wrong >= 0)
    throw new UserError(`Sample ${wrong} of a chunk of sound is ${chunk[wrong]}. Samples are finite, in [-1, 1].`);
  return chunk.slice();
}
