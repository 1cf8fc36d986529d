/** How the few values that a weight can take are chosen. */
export const methods = ['linear', 'k-means', 'power-of-two', 'ternary', 'binary'] as const;
export type QuantizeMethod = (typeof methods)[number];

/** Bits that codes are packed in: whole numbers of them make a byte. */
export const BITS = [8, 4, 2, 1] as const;
export type Bits = (typeof BITS)[number];

/** Bits that each method can use. */
export const BITS_OF: Readonly<Record<QuantizeMethod, readonly Bits[]>> = {
  linear: [8, 4, 2],
  'k-means': [8, 4, 2],
  'power-of-two': [8, 4, 2],
  ternary: [2],
  binary: [1],
};

/** The method of these bits where none is asked for. */
export const USUAL: Readonly<Record<Bits, QuantizeMethod>> = { 8: 'linear', 4: 'linear', 2: 'ternary', 1: 'binary' };

/** The values that weights can take, rising, before the scale of their channel. */
export interface Codebook {
  values: Float32Array;
  /** Scale of a channel that holds `weights`. */
  scaleOf(weights: Float32Array): number;
  /** Weights of a channel nearer to 0 than this share of their mean size become 0; for ternary ones. */
  dead?: number;
}

const meanSize = (weights: Float32Array): number =>
  weights.reduce((sum, value) => sum + Math.abs(value), 0) / Math.max(1, weights.length);
const largest = (weights: Float32Array): number => weights.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Positive values and their negatives around 0, rising. */
const symmetric = (positive: readonly number[]): Float32Array =>
  Float32Array.from([...positive.map((value) => -value), 0, ...positive]).sort();

/** Share of the mean size below which a weight counts for nothing. */
export const TERNARY_THRESHOLD = 0.7;

/** Methods whose values need not be stored: they follow from the method and the bits. */
export type FixedMethod = Exclude<QuantizeMethod, 'k-means'>;

/**
 * The values of a method, rising:
 * - linear: 2^bits - 1 equal steps around 0, up to the channel's largest weight
 * - power-of-two: 0 and plus or minus 2^-k, from the channel's largest weight down (the plain form that Y. Li, X. Dong, W. Wang, "Additive
 *   Powers-of-Two Quantization", ICLR 2020, arXiv:1909.13144, start from)
 * - ternary: F. Li, B. Zhang, B. Liu, "Ternary Weight Networks", 2016, arXiv:1605.04711
 * - binary: M. Rastegari, V. Ordonez, J. Redmon, A. Farhadi, "XNOR-Net", ECCV 2016, arXiv:1603.05279
 */
export function fixedValues(method: FixedMethod, bits: Bits): Float32Array {
  const half = 2 ** (bits - 1) - 1;
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
  switch (method) {
    case 'linear':
      return symmetric(upTo(half).map((i) => (i + 1) / half));
    case 'power-of-two':
      return symmetric(upTo(Math.min(half, SMALLEST_POWER)).map((k) => 2 ** -k));
    case 'ternary':
      return Float32Array.of(-1, 0, 1);
    case 'binary':
      return Float32Array.of(-1, 1);
  }
}

/** 2^-126 is the smallest float32 of full precision. */
const SMALLEST_POWER = 126;

const SCALES: Readonly<Record<QuantizeMethod, Codebook['scaleOf']>> = {
  linear: largest,
  'power-of-two': largest,
  ternary: ternaryScale,
  binary: meanSize,
  'k-means': meanSize,
};

/** The codebook of a method; that of k-means is learned from `scaled`, weights over their channels' scales. */
export function codebookOf(
  method: QuantizeMethod,
  bits: Bits,
  scaled: (scaleOf: Codebook['scaleOf']) => Float32Array,
): Codebook {
  const scaleOf = SCALES[method];
  const values = method === 'k-means' ? nearestMeans(scaled(scaleOf), 2 ** bits) : fixedValues(method, bits);
  return { values, scaleOf, ...(method === 'ternary' && { dead: TERNARY_THRESHOLD }) };
}

/** Mean size of the weights that stay. */
function ternaryScale(weights: Float32Array): number {
  const threshold = TERNARY_THRESHOLD * meanSize(weights);
  return meanSize(weights.filter((value) => Math.abs(value) > threshold));
}

/** Rounds of Lloyd's algorithm, which moves little after a few dozen. */
const ROUNDS = 50;

/** k-means of numbers from their quantiles, which is the same every time; a mean that loses all its numbers stays where it is. */
function nearestMeans(numbers: Float32Array, count: number): Float32Array {
  const sorted = Float32Array.from(numbers).sort();
  let means = Float32Array.from({ length: count }, (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / count)]);
  for (let round = 0; round < ROUNDS; round++) {
    const moved = means.slice();
    let from = 0;
    means.forEach((mean, i) => {
      const edge = i + 1 < count ? (mean + means[i + 1]) / 2 : Number.POSITIVE_INFINITY;
      let [to, sum] = [from, 0];
      for (; to < sorted.length && sorted[to] <= edge; to++) sum += sorted[to];
      if (to > from) moved[i] = sum / (to - from);
      from = to;
    });
    const still = moved.every((mean, i) => mean === means[i]);
    means = moved;
    if (still) break;
  }
  return means;
}

/** Place of the nearest of rising values; of two equally near, the lower. */
export function nearest(values: Float32Array, wanted: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (wanted <= (values[middle] + values[middle + 1]) / 2) high = middle;
    else low = middle + 1;
  }
  return low;
}
