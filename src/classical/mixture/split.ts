import type { Rng } from '../../random.js';
import type { Mixture } from './mixture.js';

/** How far the halves of a split Gaussian move apart, in deviations. */
const DISTANCE = 0.2;

/**
 * Splits the heaviest Gaussians in two, so that there are `wanted`: halves of the weight, moved from the mean by a fifth of each
 * deviation, in directions that are drawn.
 * @param wanted at most twice as many as there are
 */
export function splitHeaviest(mixture: Mixture, wanted: number, rng: Rng): Mixture {
  const { gaussians, dimensions } = mixture;
  const byWeight = Array.from(mixture.weights.keys()).sort((a, b) => mixture.weights[b] - mixture.weights[a]);
  const weights = new Float64Array(wanted);
  const [means, variances] = [new Float64Array(wanted * dimensions), new Float64Array(wanted * dimensions)];
  weights.set(mixture.weights);
  means.set(mixture.means);
  variances.set(mixture.variances);
  byWeight.slice(0, wanted - gaussians).forEach((from, i) => {
    const to = gaussians + i;
    weights[from] /= 2;
    weights[to] = weights[from];
    for (let d = 0; d < dimensions; d++) {
      const [a, b] = [from * dimensions + d, to * dimensions + d];
      const step = DISTANCE * Math.sqrt(variances[a]) * (rng.uniform(0, 1) < 0.5 ? -1 : 1);
      variances[b] = variances[a];
      means[b] = means[a] - step;
      means[a] += step;
    }
  });
  return { gaussians: wanted, dimensions, weights, means, variances };
}
