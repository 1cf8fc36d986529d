import { UserError } from '../../errors.js';
import { classStatistics, type LabelledVectors } from './class-statistics.js';
import { diagonalise } from './diagonalise.js';
import { addOuter, mirrorLower } from './matrix.js';
import type { AffineStep } from './steps.js';

/**
 * Linear discriminant analysis (Fisher, "The use of multiple measurements in taxonomic problems", 1936,
 * doi:10.1111/j.1469-1809.1936.tb02137.x): the directions along which speakers differ most, against how much one
 * speaker varies. Within-speaker variance along each is 1 afterwards, as with scikit-learn's eigenvalue solver.
 * @param dimensions how many are kept: at most those of the vectors, and one less than the speakers
 * @throws UserError for too many dimensions, fewer than two speakers, or speakers without any variance
 */
export function fitLda(labelled: LabelledVectors, dimensions: number): AffineStep {
  const { size, rows, mean, counts, means, withinScatter } = classStatistics(labelled);
  if (counts.length < 2)
    throw new UserError('LDA tells speakers apart, and there is only one. Give labels of at least two speakers.');
  const most = Math.min(size, counts.length - 1);
  if (dimensions > most) {
    throw new UserError(
      `LDA of ${counts.length} speakers' vectors of ${size} dimensions leaves at most ${most}; ${dimensions} were asked for.`,
    );
  }
  const between = new Float64Array(size * size);
  for (const [i, count] of counts.entries()) {
    const difference = mean.map((value, j) => means[i * size + j] - value);
    addOuter(between, difference, count / rows);
  }
  const within = withinScatter.map((value) => value / rows);
  const { transform } = diagonalise(within, mirrorLower(between, size), size);
  return { kind: 'affine', mean, matrix: transform.slice(0, dimensions * size) };
}
