import { withoutGradient } from '../engine/autodiff.js';
import { type Tensor, tf } from '../engine/tf.js';

/**
 * Soft assignments [rows, prototypes] that share the rows out equally among the prototypes, by the Sinkhorn-Knopp iterations of
 * SwAV (Caron et al., "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments", 2020, arXiv:2006.09882):
 * exp(scores) is scaled so that its columns have equal sums, then so that its rows sum to 1, `iterations` times (at least 1).
 * `scores` come divided by epsilon. Done on logarithms: scores of any size stay finite. Targets: no gradient flows through.
 */
export function sinkhorn(scores: Tensor, iterations: number): Tensor {
  return withoutGradient(() => {
    let logs = scores; // [rows, prototypes]
    for (let i = 0; i < iterations; i++) logs = tf.logSoftmax(tf.sub(logs, tf.logSumExp(logs, 0, true)) as Tensor);
    return tf.exp(logs);
  });
}
