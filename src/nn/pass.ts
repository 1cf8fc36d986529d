import { kept } from '../engine/local-gradients.js';
import { type Tensor, tf } from '../engine/tf.js';

/** How a network is being run. */
export interface Pass {
  /** Batch statistics (and their running averages are updated) or running ones. */
  training: boolean;
  /**
   * Valid frames of each row [batch] (int32), when rows were padded to a common length. Features come with zeros
   * beyond, and layers preserve that: an embedding does not depend on what it was batched with. Absent: every frame is
   * valid.
   */
  lengths?: Tensor;
  /**
   * Receives the outputs of layers that the backbone names in `layers`, and of those with fewer frames than the features the pass behind
   * them. Absent: nobody listens.
   */
  tap?(layer: string, output: Tensor, at?: Pass): void;
  /** Receives the maps [batch, time, frequency, channels] that the backbone names in `maps`. Absent: nobody listens. */
  tapMap?(layer: string, map: Tensor): void;
}

/** The same pass, for a layer that is recomputed in the backward pass: its lengths outlive the forward pass. */
export const keptPass = (pass: Pass): Pass => (pass.lengths ? { ...pass, lengths: kept(pass.lengths) } : pass);

/** Zeros frames beyond each row's length. `x` [batch, time, ...]. */
export function maskTime(x: Tensor, { lengths }: Pass): Tensor {
  if (!lengths) return x;
  return tf.mul(x, frameMask(lengths, x.shape[1]!, x.rank));
}

/** 1 for valid frames, 0 beyond: [batch, time, 1, ...] of the given rank, float32. */
export function frameMask(lengths: Tensor, frames: number, rank: number): Tensor {
  const positions = tf.range(0, frames, 1, 'int32');
  const valid = tf.less(tf.expandDims(positions, 0), tf.expandDims(lengths, 1));
  return tf.reshape(tf.cast(valid, 'float32'), [lengths.shape[0]!, frames, ...Array(rank - 2).fill(1)]);
}

/** The pass behind a layer that gives `frames` frames fewer than it gets; a row keeps one at least. */
export function shortenedPass(pass: Pass, frames: number): Pass {
  if (!pass.lengths || frames === 0) return pass;
  const rest = tf.sub(pass.lengths, tf.scalar(frames, 'int32'));
  return { ...pass, lengths: tf.maximum(rest, tf.scalar(1, 'int32')) };
}

/** The pass behind a layer of time stride `stride` with "same" padding: lengths become ceil(length / stride). */
export function stridedPass(pass: Pass, stride: number): Pass {
  if (!pass.lengths || stride === 1) return pass;
  const up = tf.add(pass.lengths, tf.scalar(stride - 1, 'int32'));
  return { ...pass, lengths: tf.floorDiv(up, tf.scalar(stride, 'int32')) };
}
