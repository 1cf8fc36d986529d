import { defineDistillation, type Tensor, tf, z } from '../../index.js';
import { classesOfRows } from '../parts/class-cosines.js';
import { divergence, logSoftmax, posteriorOptions, softened } from './parts.js';

/** Takes the true class out of a softmax: its share is below the smallest float. */
const EXCLUDED = 1e4;

/**
 * The divergence of class posteriors in two parts that plain distillation ties together by the teacher's confidence: that of (true class,
 * all others), weighted by alpha, and that among the others, weighted by beta; both multiplied by T^2.
 *
 * B. Zhao, Q. Cui, R. Song, Y. Qiu, J. Liang, "Decoupled Knowledge Distillation", CVPR 2022, arXiv:2203.08679.
 */
export default defineDistillation({
  name: 'decoupled-kl',
  summary: 'Divergence of class posteriors, apart for the true class and among the others (Zhao et al. 2022).',
  compares: 'scores',
  manyWorkers: true,
  labels: true,
  options: z.strictObject({
    ...posteriorOptions,
    alpha: z.number().nonnegative().default(1).describe('weight of the true class against all others'),
    beta: z.number().nonnegative().default(8).describe('weight of the others among each other'),
  }),
  build:
    ({ alpha, beta, ...options }) =>
    (student, teacher, labels) => {
      const target = classesOfRows(labels!, student.shape[1]!);
      const partsOf = (scores: Tensor) => {
        const logits = softened(scores, options);
        const all = logSoftmax(logits);
        const own = tf.sum(tf.mul(all, target), 1, true) as Tensor;
        // The others' share as a sum of its own: one minus the target's would be nothing where that is nearly one.
        const others = tf.log(tf.add(tf.sum(tf.mul(tf.exp(all), tf.sub(1, target)), 1, true), 1e-20)) as Tensor;
        return { binary: tf.concat([own, others], 1), among: logSoftmax(tf.sub(logits, tf.mul(target, EXCLUDED))) };
      };
      const [p, q] = [partsOf(teacher), partsOf(student)];
      const total = tf.add(tf.mul(divergence(p.binary, q.binary), alpha), tf.mul(divergence(p.among, q.among), beta));
      return tf.mul(total, options.temperature ** 2);
    },
});
