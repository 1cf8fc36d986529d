/** Losses over classes by plain loops in float64, written from their papers. Matrices are lists of rows. */
import { cosine, logSoftmax, type Rows } from './losses.js';

type Labels = readonly number[];
const length = (row: readonly number[]): number => Math.hypot(...row);
const entropy = (logits: readonly number[], label: number): number => -logSoftmax(logits)[label];
export const squaredDistance = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);

/** Softmax of W x + b; `weights` one row a class. */
export const softmaxLosses = (embeddings: Rows, weights: Rows, bias: readonly number[], labels: Labels): number[] =>
  embeddings.map((x, i) =>
    entropy(
      weights.map((row, c) => bias[c] + row.reduce((sum, value, d) => sum + value * x[d], 0)),
      labels[i],
    ),
  );

export interface PlainMarginSoftmax {
  kind: 'additive' | 'angular';
  margin: number;
  scale: number;
  /** The number of wrong classes that are brought nearer, and their margin. */
  nearest?: { classes: number; margin: number };
  /** A centre for each class, and the weight of its term. */
  center?: { centers: Rows; weight: number };
}

/** Softmax with a margin; `prototypes[k]` is the k-th prototype of every class, of which the nearest one counts. */
export function marginSoftmaxLosses(
  embeddings: Rows,
  prototypes: readonly Rows[],
  labels: Labels,
  { kind, margin, scale, nearest = { classes: 0, margin: 0 }, center }: PlainMarginSoftmax,
): number[] {
  return embeddings.map((x, i) => {
    const cosines = prototypes[0].map((_, c) => Math.max(...prototypes.map((each) => cosine(x, each[c]))));
    const wrong = [...cosines.keys()].filter((c) => c !== labels[i]).sort((a, b) => cosines[b] - cosines[a]);
    const hardest = wrong.slice(0, nearest.classes);
    const moved = (value: number, by: number) => {
      const angle = Math.acos(value) + by;
      if (kind === 'additive') return value - by;
      if (angle > Math.PI) return value - 1 - Math.cos(Math.PI - by);
      if (angle < 0) return value + 1 - Math.cos(by);
      return Math.cos(angle);
    };
    const logits = cosines.map((value, c) => {
      if (c === labels[i]) return scale * moved(value, margin);
      return scale * (hardest.includes(c) ? moved(value, -nearest.margin) : value);
    });
    const pull = center ? (center.weight / 2) * squaredDistance(x, center.centers[labels[i]]) : 0;
    return entropy(logits, labels[i]) + pull;
  });
}

/** A-softmax: psi = (-1)^k cos(m angle) - 2 k, mixed with the plain cosine that weighs lambda; all times the embedding's length. */
export function aSoftmaxLosses(
  embeddings: Rows,
  prototypes: Rows,
  labels: Labels,
  { margin, lambda }: { margin: number; lambda: number },
): number[] {
  return embeddings.map((x, i) => {
    const logits = prototypes.map((prototype, c) => {
      const value = cosine(x, prototype);
      if (c !== labels[i]) return length(x) * value;
      const angle = Math.acos(value);
      const k = Math.min(Math.floor((margin * angle) / Math.PI), margin - 1);
      const psi = (-1) ** k * Math.cos(margin * angle) - 2 * k;
      return (length(x) * (lambda * value + psi)) / (1 + lambda);
    });
    return entropy(logits, labels[i]);
  });
}

export interface PlainSphereFace2 {
  margin: number;
  scale: number;
  power: number;
  lambda: number;
  bias: number;
}

/** SphereFace2, type C. */
export function sphereFace2Losses(
  embeddings: Rows,
  prototypes: Rows,
  labels: Labels,
  { margin, scale, power, lambda, bias }: PlainSphereFace2,
): number[] {
  return embeddings.map((x, i) =>
    prototypes
      .map((prototype, c) => {
        const g = 2 * ((cosine(x, prototype) + 1) / 2) ** power - 1;
        return c === labels[i]
          ? lambda * Math.log1p(Math.exp(-(scale * (g - margin) + bias)))
          : (1 - lambda) * Math.log1p(Math.exp(scale * (g + margin) + bias));
      })
      .reduce((sum, value) => sum + value, 0),
  );
}
