import { defineObjective, objectiveOptions, type Tensor, tf, z } from '../index.js';
import { wholeDomains } from './parts/whole-domains.js';

/**
 * Deep CORAL: |C_s - C_t|^2 / (4 d^2), the squared difference of the covariances of source and target, over the d dimensions of the layer.
 *
 * B. Sun, K. Saenko, "Deep CORAL: Correlation Alignment for Deep Domain Adaptation", ECCV 2016 workshops, arXiv:1607.01719.
 */
export default defineObjective({
  name: 'coral',
  summary: 'Covariances of source and target are drawn together (deep CORAL, Sun and Saenko 2016).',
  options: z.strictObject({
    ...objectiveOptions('embedding'),
    means: z.boolean().default(false).describe('add the squared difference of the means, |m_s - m_t|^2 / d'),
  }),
  needs: () => ({ domains: true }),
  manyWorkers: true,
  build:
    ({ layer: { size }, options: { means } }) =>
    (seen) => {
      const [source, target] = wholeDomains(seen);
      const [s, t] = [moments(source), moments(target)];
      const covariances = tf.div(tf.sum(tf.square(tf.sub(s.covariance, t.covariance))), 4 * size ** 2) as Tensor;
      if (!means) return { loss: covariances };
      return { loss: tf.add(covariances, tf.div(tf.sum(tf.square(tf.sub(s.mean, t.mean))), size)) as Tensor };
    },
});

/** Mean [1, size] and covariance [size, size] of rows; there are two at least. */
function moments(rows: Tensor): { mean: Tensor; covariance: Tensor } {
  const mean = tf.mean(rows, 0, true) as Tensor;
  const centred = tf.sub(rows, mean) as Tensor;
  return { mean, covariance: tf.div(tf.matMul(centred, centred, true), rows.shape[0]! - 1) };
}
