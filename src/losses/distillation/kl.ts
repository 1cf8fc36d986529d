import { defineDistillation, tf, z } from '../../index.js';
import { divergence, logSoftmax, posteriorOptions, softened } from './parts.js';

/**
 * T^2 KL(p || q) between the posteriors of teacher (p) and student (q), softmaxes of scores at the temperature T.
 *
 * G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network", 2015, arXiv:1503.02531.
 */
export default defineDistillation({
  name: 'kl',
  summary: "Divergence of the student's class posteriors from the teacher's (Hinton et al. 2015).",
  compares: 'scores',
  manyWorkers: true,
  options: z.strictObject(posteriorOptions),
  build: (options) => (student, teacher) => {
    const [p, q] = [teacher, student].map((scores) => logSoftmax(softened(scores, options)));
    return tf.mul(divergence(p, q), options.temperature ** 2);
  },
});
