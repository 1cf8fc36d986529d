import type { ScoreArray } from './radix-sort.js';

/** Above it 1 + exp(-x) keeps few digits of exp(-x), while three terms of log1p's series keep them all. */
const SERIES_FROM = 10;
/** The logarithm of a product is taken before it overflows. */
const LARGEST_PRODUCT = 1e290;

/**
 * The cost of log-likelihood ratios, in bits (Brümmer and du Preez, "Application-independent evaluation of speaker detection", Computer
 * Speech & Language 2006): the mean of log2(1 + exp(-s)) over targets and of
 * log2(1 + exp(s)) over nontargets, averaged. 0 for a detector that is always right and certain; 1 for one that gives no
 * information (all scores 0); above 1 for misleading scores, Infinity where one is infinitely certain and wrong.
 * @param scores natural-log likelihood ratios, in any order
 */
export function cllr({ targets, nontargets }: { targets: ScoreArray; nontargets: ScoreArray }): number {
  return (meanSoftplus(targets, -1) + meanSoftplus(nontargets, 1)) / (2 * Math.LN2);
}

/** The mean of log(1 + exp(sign * value)). Logarithms are the slow part: many small ones are that of a product. */
function meanSoftplus(values: ScoreArray, sign: 1 | -1): number {
  let sum = 0;
  let product = 1;
  for (let i = 0; i < values.length; i++) {
    const x = sign * values[i];
    const size = Math.abs(x);
    const small = Math.exp(-size);
    if (x > 0) sum += x;
    if (size >= SERIES_FROM) {
      sum += small * (1 - small * (1 / 2 - small / 3));
      continue;
    }
    product *= 1 + small;
    if (product > LARGEST_PRODUCT) {
      sum += Math.log(product);
      product = 1;
    }
  }
  return (sum + Math.log(product)) / values.length;
}
