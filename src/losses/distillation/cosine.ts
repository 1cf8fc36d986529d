import { defineDistillation, tf, unit, z } from '../../index.js';

/** Mean over rows of 1 - cos(s, t). */
export default defineDistillation({
  name: 'cosine',
  summary: "One minus the cosine between the student's outputs and the teacher's.",
  compares: 'vectors',
  manyWorkers: true,
  options: z.strictObject({}),
  build: () => (student, teacher) => tf.sub(1, tf.mean(tf.sum(tf.mul(unit(student, 1), unit(teacher, 1)), 1))),
});
