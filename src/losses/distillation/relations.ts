import { defineDistillation, leastBatch, type Tensor, tf, unit, wholeBatchRows, z } from '../../index.js';

/** Keeps the root's gradient finite where two utterances coincide. */
const LEAST_SQUARE = 1e-12;

/**
 * What a teacher knows of utterances among each other, whatever its vectors' size. Distances d_ij, each network's divided by their mean
 * over the pairs, and the cosines of the angles at j between i and k, are compared by Huber's loss (quadratic up to a difference of 1); the
 * loss is the mean over ordered pairs, and over ordered triples, of different utterances.
 *
 * W. Park, D. Kim, Y. Lu, M. Cho, "Relational Knowledge Distillation", CVPR 2019, arXiv:1904.05068.
 */
export default defineDistillation({
  name: 'relations',
  summary: 'Distances and angles between the utterances of a batch (RKD, Park et al. 2019); sizes may differ.',
  compares: 'relations',
  manyWorkers: true,
  options: z.strictObject({
    distance: z.number().nonnegative().default(1).describe('weight of the distances'),
    angle: z.number().nonnegative().default(2).describe('weight of the angles'),
    normalise: z.boolean().default(true).describe('bring vectors to length 1 before, as cosine scoring sees them'),
  }),
  check: ({ angle }, { batch }) =>
    leastBatch(
      batch,
      angle > 0 ? 3 : 2,
      `relations: it compares ${angle > 0 ? 'triples' : 'pairs'} of utterances and needs`,
    ),
  build:
    ({ distance, angle, normalise }) =>
    (student, teacher) => {
      const all = [student, teacher].map((vectors) => wholeBatchRows(normalise ? unit(vectors, 1) : vectors));
      const [s, t] = all.map(relationsOf);
      const rows = all[0].shape[0]!;
      const mean = (differences: Tensor, count: number) => tf.div(tf.sum(huber(differences)), count);
      const distances = mean(tf.sub(s.distances, t.distances), rows * (rows - 1));
      if (angle === 0) return tf.mul(distances, distance);
      const angles = mean(tf.sub(s.angles(), t.angles()), rows * (rows - 1) * (rows - 2));
      return tf.add(tf.mul(distances, distance), tf.mul(angles, angle));
    },
});

/** Relative distances [rows, rows] and cosines of angles [rows, rows, rows] (at the first, between the others); 0 for any with itself. */
function relationsOf(vectors: Tensor): { distances: Tensor; angles(): Tensor } {
  const rows = vectors.shape[0]!;
  const different = tf.sub(1, tf.eye(rows)) as Tensor;
  // [at, to, size]: the vectors that lead from one to the others.
  const steps = tf.sub(tf.expandDims(vectors, 0), tf.expandDims(vectors, 1));
  const lengths = tf.sqrt(tf.add(tf.sum(tf.square(steps), 2), LEAST_SQUARE));
  const distances = tf.mul(lengths, different) as Tensor;
  return {
    distances: tf.div(distances, tf.div(tf.sum(distances), rows * (rows - 1))),
    angles() {
      const directions = tf.div(steps, tf.expandDims(lengths, 2));
      const cosines = tf.matMul(directions, directions, false, true);
      return tf.mul(cosines, tf.expandDims(different, 0)) as Tensor;
    },
  };
}

/** x^2 / 2 up to 1, |x| - 1/2 beyond. */
function huber(x: Tensor): Tensor {
  const size = tf.abs(x);
  const small = tf.minimum(size, 1);
  return tf.add(tf.div(tf.square(small), 2), tf.sub(size, small));
}
