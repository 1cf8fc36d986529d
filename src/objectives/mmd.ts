import {
  defineObjective,
  objectiveOptions,
  squaredDistances,
  stopGradient,
  type Tensor,
  tf,
  unit,
  z,
} from '../index.js';
import { wholeDomains } from './parts/whole-domains.js';

/**
 * The maximum mean discrepancy between source and target by several kernels: mean k(s, s') + mean k(t, t') - 2 mean k(s, t), where k is the mean of
 * exp(-|x - y|^2 / b) over the bandwidths b. Pairs of a row with itself count, so that it is never negative.
 *
 * A. Gretton et al., "A Kernel Two-Sample Test", JMLR 2012; several kernels at a layer: M. Long, Y. Cao, J. Wang, M. Jordan, "Learning Transferable
 * Features with Deep Adaptation Networks", ICML 2015, arXiv:1502.02791.
 */
export default defineObjective({
  name: 'mmd',
  summary:
    'Source and target are drawn together by their maximum mean discrepancy under several kernels (Long et al. 2015).',
  options: z.strictObject({
    ...objectiveOptions('embedding'),
    scales: z
      .array(z.number().positive())
      .min(1)
      .default([0.25, 0.5, 1, 2, 4])
      .describe('bandwidths of the kernels, in terms of `bandwidth`'),
    bandwidth: z
      .number()
      .positive()
      .optional()
      .describe("a squared distance; default: the mean one of the batch's pairs, as a constant"),
    normalise: z.boolean().default(true).describe('bring vectors to length 1 before, as cosine scoring sees them'),
  }),
  needs: () => ({ domains: true }),
  manyWorkers: true,
  build:
    ({ options: { scales, bandwidth, normalise } }) =>
    (seen) => {
      const [source, target] = wholeDomains(seen);
      const output = tf.concat([source, target], 0) as Tensor;
      const rows = output.shape[0]!;
      const vectors = normalise ? unit(output, 1) : output;
      const squares = squaredDistances(vectors, vectors);
      const middle = bandwidth ?? meanOfPairs(stopGradient(squares), rows);
      const kernels = scales.map((scale): Tensor => tf.exp(tf.neg(tf.div(squares, tf.mul(middle, scale)))));
      const weights = contrast(rows, source.shape[0]!);
      return { loss: tf.div(tf.sum(tf.mul(tf.addN(kernels), weights)), scales.length) as Tensor };
    },
});

/** The mean of squared distances between different rows; a little more than 0 where all rows are one. */
const meanOfPairs = (squares: Tensor, rows: number): Tensor =>
  tf.add(tf.div(tf.sum(squares), rows * (rows - 1)), 1e-12) as Tensor;

/** The weight of every pair of rows, the first `sources` of which are the source's: [rows, rows]. */
function contrast(rows: number, sources: number): Tensor {
  const side = Array.from({ length: rows }, (_, row) => (row < sources ? 1 / sources : -1 / (rows - sources)));
  const column = tf.tensor2d(side, [rows, 1]);
  return tf.matMul(column, column, false, true);
}
