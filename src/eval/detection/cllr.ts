import type { ScoreArray } from './radix-sort.js';

/** Above it 1 + exp(-x) has few digits left of exp(-x), and three terms of log1p's series have them all. */
const SERIES_FROM = 10;
/** Products are taken apart before they overflow. */
const LARGEST_PRODUCT = 1e290;

/**
 * The cost of log-likelihood ratios, in bits (Brümmer and du Preez 2006): the mean of log2(1 + exp(-s)) over targets and of
 * log2(1 + exp(s)) over nontargets, averaged. 0 for a detector that is always right and sure; 1 for one that says nothing (all 0);
 * above 1 for scores that mislead, Infinity where one is infinitely sure and wrong.
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
