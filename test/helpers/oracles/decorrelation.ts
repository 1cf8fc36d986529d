/** Losses over the columns of two batches of projections, by plain loops in float64, written from their papers. */
import { mean, type Rows, transposed } from './losses.js';

interface VicregTerms {
  invariance: number;
  variance: number;
  covariance: number;
}

/** The covariance of two lists of values, divided by n - 1. */
function covarianceOf(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  return a.reduce((sum, value, i) => sum + (value - ma) * (b[i] - mb), 0) / (a.length - 1);
}

/** Sums `term` over all ordered pairs of different indices below `count`. */
function overPairs(count: number, term: (i: number, j: number) => number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) for (let j = 0; j < count; j++) if (i !== j) sum += term(i, j);
  return sum;
}

/** VICReg's three terms (Bardes et al. 2022, equations 1-5 and algorithm 1, which takes the mean square for the invariance). */
export function vicregTerms(first: Rows, second: Rows): VicregTerms {
  const regularised = [first, second].map((crop) => {
    const columns = transposed(crop);
    const hinges = columns.map((column) => Math.max(0, 1 - Math.sqrt(covarianceOf(column, column) + 1e-4)));
    const squares = overPairs(columns.length, (i, j) => covarianceOf(columns[i], columns[j]) ** 2);
    return { hinge: mean(hinges), covariance: squares / columns.length };
  });
  const distances = first.flatMap((row, i) => row.map((value, d) => (value - second[i][d]) ** 2));
  return {
    invariance: mean(distances),
    variance: regularised[0].hinge + regularised[1].hinge,
    covariance: regularised[0].covariance + regularised[1].covariance,
  };
}

/** The two sums of Barlow Twins' loss (Zbontar et al. 2021, equations 1 and 2). */
export function barlowTerms(first: Rows, second: Rows): { alignment: number; redundancy: number } {
  const [a, b] = [transposed(first), transposed(second)];
  const correlation = (i: number, j: number) =>
    covarianceOf(a[i], b[j]) / Math.sqrt(covarianceOf(a[i], a[i]) * covarianceOf(b[j], b[j]));
  return {
    alignment: a.reduce((sum, _, i) => sum + (1 - correlation(i, i)) ** 2, 0),
    redundancy: overPairs(a.length, (i, j) => correlation(i, j) ** 2),
  };
}
