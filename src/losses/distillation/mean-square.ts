import { defineDistillation, tf, unit, z } from '../../index.js';

/** Mean over rows and components of (s - t)^2. */
export default defineDistillation({
  name: 'mean-square',
  summary: "Mean squared difference between the student's outputs and the teacher's.",
  compares: 'vectors',
  manyWorkers: true,
  options: z.strictObject({
    normalise: z
      .boolean()
      .default(true)
      .describe(
        'bring every vector to a mean square of 1 before, so that layers of any scale weigh the same; the loss is 2 (1 - cosine) then',
      ),
  }),
  build:
    ({ normalise }) =>
    (student, teacher) => {
      if (!normalise) return tf.mean(tf.square(tf.sub(student, teacher)));
      // Vectors of unit length would have components, and a mean, that fall with their number.
      const difference = tf.square(tf.sub(unit(student, 1), unit(teacher, 1)));
      return tf.mul(tf.mean(difference), student.shape[1]!);
    },
});
