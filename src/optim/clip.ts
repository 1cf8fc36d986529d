import { l2Norm } from '../engine/ops/l2-norm.js';
import { type Tensor, tf } from '../engine/tf.js';

/** Scales a gradient down to the largest norm allowed, if there is one. */
export function clipped(gradient: Tensor, clipNorm: number | undefined): Tensor {
  if (clipNorm === undefined) return gradient;
  const norm = l2Norm(gradient);
  return tf.mul(gradient, tf.minimum(1, tf.div(clipNorm, tf.add(norm, 1e-6))));
}
