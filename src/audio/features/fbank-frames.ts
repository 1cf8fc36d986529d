import { type Tensor, tf } from '../../engine/tf.js';
import { type FbankOptions, frameCountOrFail, frameLength, frameShift } from './fbank-options.js';

/**
 * Cuts `wave` [batch, samples] into overlapping frames, [batch * frames, frameLength]. With snipEdges the first frame starts
 * at sample 0; without, frames are centred on the middles of the shifts and the signal is mirrored at its ends, as Kaldi does.
 */
export function frameRows(wave: Tensor, options: FbankOptions): Tensor {
  const [batch, samples] = wave.shape;
  const frames = frameCountOrFail(samples, options);
  const [length, shift] = [frameLength(options), frameShift(options)];
  const source = options.snipEdges ? wave : mirrored(wave, frames, length, shift);
  const pieces = Math.ceil(length / shift);
  const rows = frames + pieces - 1;
  const blocks = tf.reshape(fitted(source, rows * shift), [batch, rows, shift]);
  // Piece p of every frame at once: the blocks that start p shifts later.
  const parts = Array.from({ length: pieces }, (_, p) =>
    tf.slice(blocks, [0, p, 0], [batch, frames, Math.min(shift, length - p * shift)]),
  );
  return tf.reshape(tf.concat(parts, 2), [batch * frames, length]);
}

/** Cuts or zero-pads rows at the end. */
function fitted(wave: Tensor, size: number): Tensor {
  const [batch, samples] = wave.shape;
  if (samples >= size) return tf.slice(wave, [0, 0], [batch, size]);
  return tf.pad(wave, [
    [0, 0],
    [0, size - samples],
  ]);
}

function mirrored(wave: Tensor, frames: number, length: number, shift: number): Tensor {
  const [batch, samples] = wave.shape as [number, number];
  const start = Math.floor(shift / 2) - Math.floor(length / 2);
  const end = start + (frames - 1) * shift + length;
  const inside = tf.slice(wave, [0, Math.max(start, 0)], [batch, Math.min(end, samples) - Math.max(start, 0)]);
  const before = indices(start, Math.min(0, end), samples);
  const after = indices(samples, end, samples);
  const edge = (at: number[]) => tf.gather(wave, tf.tensor1d(at, 'int32'), 1);
  const parts = [...(before.length ? [edge(before)] : []), inside, ...(after.length ? [edge(after)] : [])];
  return parts.length === 1 ? inside : tf.concat(parts, 1);
}

/** Indices that the samples `from`..`to` outside the signal are read from; the end samples are repeated (..., 1, 0, 0, 1, ...). */
function indices(from: number, to: number, samples: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => {
    const turn = (((from + i) % (2 * samples)) + 2 * samples) % (2 * samples);
    return turn < samples ? turn : 2 * samples - 1 - turn;
  });
}
