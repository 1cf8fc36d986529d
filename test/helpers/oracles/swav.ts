import { logSoftmax, mean, type Rows } from './losses.js';

/**
 * Sinkhorn-Knopp as SwAV's paper writes it (Caron et al. 2020, section 3.1 and its algorithm), in float64: Q = exp(scores), of
 * total 1; every prototype's sum becomes 1 / prototypes, then every row's 1 / rows, so many times; at the end rows sum to 1.
 * `scores` [row][prototype], divided by epsilon.
 */
export function sinkhornAssignments(scores: Rows, iterations: number): number[][] {
  const largest = Math.max(...scores.flat());
  const q = scores.map((row) => row.map((score) => Math.exp(score - largest)));
  const [rows, prototypes] = [q.length, q[0].length];
  const scale = (places: [row: number, prototype: number][], total: number) => {
    const sum = places.reduce((all, [r, p]) => all + q[r][p], 0);
    for (const [r, p] of places) q[r][p] *= total / sum;
  };
  const row = (r: number) => q[r].map((_, p): [number, number] => [r, p]);
  const column = (p: number) => q.map((_, r): [number, number] => [r, p]);
  scale(
    q.flatMap((_, r) => row(r)),
    1,
  );
  for (let i = 0; i < iterations; i++) {
    for (let p = 0; p < prototypes; p++) scale(column(p), 1 / prototypes);
    for (let r = 0; r < rows; r++) scale(row(r), 1 / rows);
  }
  return q.map((values) => values.map((value) => value * rows));
}

export interface SwavOracle {
  /** Unit rows. */
  prototypes: Rows;
  temperature: number;
  epsilon: number;
  iterations: number;
  /** Features of earlier batches, for each assigned view; absent: not in use. */
  queues?: readonly Rows[];
}

const scoresOf = (rows: Rows, prototypes: Rows): number[][] =>
  rows.map((row) => prototypes.map((prototype) => row.reduce((sum, value, i) => sum + value * prototype[i], 0)));

/** Assignments [view][utterance][prototype] of the first `assigned` views, each balanced over the batch and the view's queue. */
export function swavTargets(features: readonly Rows[], assigned: number, options: SwavOracle): number[][][] {
  const { prototypes, epsilon, iterations, queues } = options;
  return features.slice(0, assigned).map((view, v) => {
    const scores = scoresOf([...(queues?.[v] ?? []), ...view], prototypes);
    const divided = scores.map((row) => row.map((score) => score / epsilon));
    return sinkhornAssignments(divided, iterations).slice(-view.length);
  });
}

/**
 * The swapped prediction (Caron et al. 2020, equation 2 and its multi-crop form): each view's assignments are predicted by every other
 * view, mean over views, their partners and utterances. `features[view][utterance]` are unit rows.
 */
export function swappedPrediction(
  features: readonly Rows[],
  targets: readonly Rows[],
  { prototypes, temperature }: Pick<SwavOracle, 'prototypes' | 'temperature'>,
): { loss: number; predictionEntropy: number } {
  const logs = features.map((view) =>
    scoresOf(view, prototypes).map((row) => logSoftmax(row.map((score) => score / temperature))),
  );
  const terms = targets.flatMap((q, v) =>
    logs.flatMap((view, other) =>
      other === v ? [] : [mean(q.map((row, i) => -row.reduce((sum, share, k) => sum + share * view[i][k], 0)))],
    ),
  );
  const entropies = logs.flat().map((row) => -row.reduce((sum, log) => sum + Math.exp(log) * log, 0));
  return { loss: mean(terms), predictionEntropy: mean(entropies) };
}

/** Loss and entropies in nats. */
export function swavLoss(features: readonly Rows[], assigned: number, options: SwavOracle) {
  const targets = swavTargets(features, assigned, options);
  const entropies = targets.flat().map((row) => -row.reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0));
  return { ...swappedPrediction(features, targets, options), targetEntropy: mean(entropies) };
}
