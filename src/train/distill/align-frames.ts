import { type Tensor, tf } from '../../engine/tf.js';
import { UserError } from '../../errors.js';

/** A frame-level output and the time from one of its frames to the next. */
export interface FrameMap {
  /** Its network and layer, for messages. */
  name: string;
  /** [batch, time, size] */
  map: Tensor;
  periodMs: number;
}

/**
 * The maps at one rate and length, frame by frame the same stretches of audio: of a faster one, means of as many frames as fall on one of
 * the slowest; of a longer one the middle, for what unpadded convolutions lose they lose at both ends alike.
 * @throws UserError where the slowest rate is no whole part of another
 */
export function alignFrames(maps: readonly FrameMap[]): Tensor[] {
  const slowest = maps.reduce((a, b) => (b.periodMs > a.periodMs ? b : a));
  const slowed = maps.map((map) => meanFrames(map, slowest));
  const frames = Math.min(...slowed.map((map) => map.shape[1]!));
  return slowed.map((map) => middle(map, frames));
}

/** A map at the rate of a slower one. */
function meanFrames({ name, map, periodMs }: FrameMap, slowest: FrameMap): Tensor {
  const ratio = slowest.periodMs / periodMs;
  const whole = Math.round(ratio);
  if (Math.abs(ratio - whole) > 1e-6)
    throw new UserError(
      `Frames of ${name} follow each other every ${periodMs} ms, those of ${slowest.name} every ${slowest.periodMs} ms: no whole number ` +
        'of the ones falls on one of the others. Compare pooled or embedding instead, or take networks or features of fitting rates.',
    );
  if (whole === 1) return map;
  const [batch, frames, size] = map.shape as [number, number, number];
  const groups = Math.floor(frames / whole);
  return tf.mean(tf.reshape(middle(map, groups * whole), [batch, groups, whole, size]), 2);
}

/** The middle `count` frames. */
function middle(map: Tensor, count: number): Tensor {
  const [batch, frames, size] = map.shape as [number, number, number];
  if (count === frames) return map;
  return tf.slice(map, [0, Math.floor((frames - count) / 2), 0], [batch, count, size]);
}
