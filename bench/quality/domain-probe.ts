import { fitLogistic } from '../../src/eval/backend/logistic-regression.js';
import { dot, rowsOf } from '../../src/rows.js';
import { mean } from './recipe.js';

/** Of the probe's squared weights: there are more dimensions than it takes to tell anything apart. */
const RIDGE = 1e-2;

/**
 * How well logistic regression tells the domain from an embedding: fitted on every second one of each domain, it is tried on the others. The mean
 * over both domains of the share that it names, so that chance is a half whatever their sizes. @param domains [rows, size] each
 */
export function domainAccuracy(domains: readonly [Float32Array, Float32Array], size: number): number {
  const rows = domains.map((vectors) => [...rowsOf(vectors, size)]);
  const part = (held: boolean) => rows.map((list) => list.filter((_, i) => (i % 2 === 1) === held));
  const fitted = part(false);
  const features = Float64Array.from(fitted.flat().flatMap((row) => Array.from(row)));
  const isTarget = Uint8Array.from(fitted.flatMap((list, domain) => list.map(() => domain)));
  const { weights, bias } = fitLogistic({ features, width: size, isTarget }, { ridge: RIDGE });
  const right = part(true).map((list, domain) =>
    mean(list.map((row) => Number(dot(row, weights) + bias > 0 === (domain === 1)))),
  );
  return mean(right);
}
