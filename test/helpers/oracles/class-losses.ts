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
}

/** Softmax with a margin; `prototypes[k]` is the k-th prototype of every class, of which the nearest one counts. */
export function marginSoftmaxLosses(
  embeddings: Rows,
  prototypes: readonly Rows[],
  labels: Labels,
  { kind, margin, scale, nearest = { classes: 0, margin: 0 } }: PlainMarginSoftmax,
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
    return entropy(logits, labels[i]);
  });
}

/** Wen et al. 2016, equation 5: half the squared distance to the centre of the class. */
export const centerLosses = (embeddings: Rows, centers: Rows, labels: Labels): number[] =>
  embeddings.map((x, i) => squaredDistance(x, centers[labels[i]]) / 2);

/** The same, equation 4 and step 6 of algorithm 1: the centres after a batch, of which the samples in `counted` count. */
export function movedCenters(
  embeddings: Rows,
  centers: Rows,
  labels: Labels,
  { alpha, counted }: { alpha: number; counted: readonly boolean[] },
): number[][] {
  return centers.map((center, c) => {
    const members = embeddings.filter((_, i) => labels[i] === c && counted[i]);
    return center.map((value, d) => {
      const sum = members.reduce((total, x) => total + value - x[d], 0);
      return value - (alpha * sum) / (1 + members.length);
    });
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
  type?: 'C' | 'A';
  margin: number;
  scale: number;
  power: number;
  lambda: number;
  bias: number;
}

/** SphereFace2: type C moves similarities of both kinds by the margin, type A the angle of the true class, to pi at most. */
export function sphereFace2Losses(
  embeddings: Rows,
  prototypes: Rows,
  labels: Labels,
  { type = 'C', margin, scale, power, lambda, bias }: PlainSphereFace2,
): number[] {
  return embeddings.map((x, i) =>
    prototypes
      .map((prototype, c) => {
        const g = (value: number) => 2 * ((value + 1) / 2) ** power - 1;
        const value = cosine(x, prototype);
        const widened = Math.cos(Math.min(Math.PI, Math.acos(value) + margin));
        const [own, other] = type === 'C' ? [g(value) - margin, g(value) + margin] : [g(widened), g(value)];
        return c === labels[i]
          ? lambda * Math.log1p(Math.exp(-(scale * own + bias)))
          : (1 - lambda) * Math.log1p(Math.exp(scale * other + bias));
      })
      .reduce((sum, value) => sum + value, 0),
  );
}
