import type { Rng } from '../../random.js';

/** int32 [draws] indices drawn with probability proportional to `weights`; any index when all weights are zero. */
export function drawWeighted(weights: ArrayLike<number>, draws: number, rng: Rng): Int32Array {
  const sums = new Float64Array(weights.length);
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    total += weights[i];
    sums[i] = total;
  }
  const draw = () => (total === 0 ? rng.int(weights.length) : firstAbove(sums, rng.next() * total));
  return new Int32Array(draws).map(draw);
}

/** The first index whose running sum is above `value`. */
function firstAbove(sums: Float64Array, value: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
