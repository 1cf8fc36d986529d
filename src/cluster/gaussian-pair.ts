/** One component of a mixture. */
export interface Gaussian {
  mean: number;
  deviation: number;
  weight: number;
}

/** A mixture of two; `low` has the smaller mean. */
export interface GaussianPair {
  low: Gaussian;
  high: Gaussian;
  /** Log-likelihood per value, in nats. */
  logLikelihood: number;
}

/** More values than this are represented by this many of their quantiles. */
const MOST_VALUES = 2 ** 14;
/** Quantiles at which the values are split for a first guess, for components that hold 10 to 90 % of the values. */
const SPLITS = [0.1, 0.25, 0.5, 0.75, 0.9];
const ITERATIONS = 1000;
const TOLERANCE = 1e-7;
/** No component becomes narrower than this share of all values' deviation: a peak on equal values would be infinitely likely. */
const LEAST_DEVIATION = 1e-3;

/**
 * Fits a mixture of two Gaussians to finite values by expectation maximisation, from several splits of the sorted values; the
 * likeliest result is returned. Nothing is random. Needs at least two different values.
 */
export function fitTwoGaussians(values: ArrayLike<number>): GaussianPair {
  const sorted = quantilesOf(Float64Array.from(values).sort());
  // The second number keeps densities finite where all quantiles are equal.
  const least = Math.max(LEAST_DEVIATION * momentsOf(sorted).deviation, 1e-9);
  const fits = SPLITS.map((split) => {
    const cut = Math.min(sorted.length - 1, Math.max(1, Math.round(split * sorted.length)));
    return maximise(sorted, [momentsOf(sorted.subarray(0, cut)), momentsOf(sorted.subarray(cut))], least);
  });
  const { pair, logLikelihood } = fits.reduce((best, fit) => (fit.logLikelihood > best.logLikelihood ? fit : best));
  const [low, high] = pair[0].mean <= pair[1].mean ? pair : [pair[1], pair[0]];
  return { low, high, logLikelihood };
}

/**
 * The crossing of the weighted densities of two components between their means, or undefined when one lies below the other at its
 * own mean. There is at most one such place: the log-ratio falls monotonically between the means.
 */
export function crossingOf(low: Gaussian, high: Gaussian): number | undefined {
  const ratio = (x: number) => logDensity(x, low) - logDensity(x, high);
  if (!(ratio(low.mean) > 0 && ratio(high.mean) < 0)) return undefined;
  let [left, right] = [low.mean, high.mean];
  for (let middle = (left + right) / 2; middle > left && middle < right; middle = (left + right) / 2) {
    if (ratio(middle) > 0) left = middle;
    else right = middle;
  }
  return left;
}

/** Mean and deviation of values, as a component that holds all of them. */
export function momentsOf(values: ArrayLike<number>): Gaussian {
  const of = (map: (value: number) => number) => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += map(values[i]);
    return sum / values.length;
  };
  const mean = of((value) => value);
  return { mean, deviation: Math.sqrt(of((value) => (value - mean) ** 2)), weight: 1 };
}

/** Log of the weighted density. */
export function logDensity(x: number, { mean, deviation, weight }: Gaussian): number {
  return Math.log(weight / deviation) - ((x - mean) / deviation) ** 2 / 2 - Math.log(2 * Math.PI) / 2;
}

function quantilesOf(sorted: Float64Array): Float64Array {
  if (sorted.length <= MOST_VALUES) return sorted;
  return new Float64Array(MOST_VALUES).map((_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / MOST_VALUES)]);
}

function maximise(values: Float64Array, start: [Gaussian, Gaussian], least: number) {
  let pair = start.map((part) => ({ ...part, weight: 0.5, deviation: Math.max(part.deviation, least) }));
  let before = Number.NEGATIVE_INFINITY;
  for (let iteration = 0; ; iteration++) {
    const { sums, logLikelihood } = expect(values, pair[0], pair[1]);
    if (iteration === ITERATIONS || logLikelihood - before < TOLERANCE) return { pair, logLikelihood };
    before = logLikelihood;
    pair = sums.map((sum, i) => componentOf(sum, values.length, pair[i], least));
  }
}

/** Weight, first and second moment about the component's last mean. */
type Sums = [count: number, first: number, second: number];

function expect(values: Float64Array, a: Gaussian, b: Gaussian): { sums: Sums[]; logLikelihood: number } {
  const sums: [Sums, Sums] = [
    [0, 0, 0],
    [0, 0, 0],
  ];
  let logLikelihood = 0;
  for (const value of values) {
    const [logA, logB] = [logDensity(value, a), logDensity(value, b)];
    const most = Math.max(logA, logB);
    const total = most + Math.log(Math.exp(logA - most) + Math.exp(logB - most));
    const share = Math.exp(logA - total);
    add(sums[0], share, value - a.mean);
    add(sums[1], 1 - share, value - b.mean);
    logLikelihood += total / values.length;
  }
  return { sums, logLikelihood };
}

function add(sums: Sums, share: number, offset: number): void {
  sums[0] += share;
  sums[1] += share * offset;
  sums[2] += share * offset * offset;
}

function componentOf([count, first, second]: Sums, values: number, last: Gaussian, least: number): Gaussian {
  // A component that lost all its values stays where it is, with no weight to speak of.
  if (count < 1e-9) return { ...last, weight: 1e-12 };
  const offset = first / count;
  const variance = Math.max(0, second / count - offset * offset);
  return { mean: last.mean + offset, deviation: Math.max(Math.sqrt(variance), least), weight: count / values };
}
