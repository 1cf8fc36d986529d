import { type Tensor, tf } from '../../engine/tf.js';
import type { Scope } from '../scope.js';

/** Distances in time that share a learned number. */
export interface BucketShape {
  buckets: number;
  /** Beyond it all distances share one. */
  maxDistance: number;
}

/**
 * The bucket of a distance, key less query: half of the buckets are for keys behind the query; of each half, one half is for single distances
 * and the other for ranges that grow by a factor.
 */
export function bucketOf(distance: number, { buckets, maxDistance }: BucketShape): number {
  const half = Math.floor(buckets / 2);
  const exact = Math.floor(half / 2);
  const far = Math.abs(distance);
  const base = distance > 0 ? half : 0;
  if (far < exact) return base + far;
  const ratio = Math.fround(Math.log(Math.fround(far / exact))) / Math.log(maxDistance / exact);
  return base + Math.min(half - 1, Math.floor(exact + Math.fround(ratio) * (half - exact)));
}

/** Learned numbers for the distance of every two frames, one a head: [1, heads, time, time] for `time` frames. */
export function relativePositions(scope: Scope, heads: number, shape: BucketShape): (time: number) => Tensor {
  const table = scope.param('weight', [shape.buckets, heads], (sizes, rng) =>
    Float32Array.from({ length: sizes[0] * sizes[1] }, () => 0.02 * rng.normal()),
  );
  return (time) => {
    const distances = Int32Array.from({ length: 2 * time - 1 }, (_, i) => bucketOf(i - time + 1, shape));
    const byDistance = tf.gather(table.read(), tf.tensor1d(distances, 'int32'));
    const frames = tf.range(0, time, 1, 'int32');
    const places = tf.add(tf.sub(tf.expandDims(frames, 0), tf.expandDims(frames, 1)), tf.scalar(time - 1, 'int32'));
    return tf.expandDims(tf.transpose(tf.gather(byDistance, places as Tensor), [2, 0, 1]), 0);
  };
}
