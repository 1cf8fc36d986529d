import { cosine, logSoftmax, mean, type Rows } from './losses.js';

/** Distillation losses by plain loops in float64, written from their papers. */

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Mean over rows and components. */
export const meanSquareLoss = (student: Rows, teacher: Rows): number =>
  mean(student.flatMap((row, i) => row.map((value, k) => (value - teacher[i][k]) ** 2)));

export const cosineLoss = (student: Rows, teacher: Rows): number =>
  mean(student.map((row, i) => 1 - cosine(row, teacher[i])));

interface Softening {
  temperature: number;
  scale: number;
}

const divergence = (p: readonly number[], q: readonly number[]): number =>
  sum(p.map((value, c) => (value === 0 ? 0 : value * Math.log(value / q[c]))));

const posteriors = (scores: readonly number[], { temperature, scale }: Softening): number[] =>
  logSoftmax(scores.map((score) => (score * scale) / temperature)).map(Math.exp);

export const klLoss = (student: Rows, teacher: Rows, options: Softening): number =>
  options.temperature ** 2 *
  mean(student.map((row, i) => divergence(posteriors(teacher[i], options), posteriors(row, options))));

/** Equation 7 of Zhao et al., for one row: alpha KL(b_T || b_S) + beta KL(p^_T || p^_S), times the squared temperature. */
export function decoupledLoss(
  student: Rows,
  teacher: Rows,
  labels: readonly number[],
  { alpha, beta, ...options }: Softening & { alpha: number; beta: number },
): number {
  const parts = (scores: readonly number[], label: number) => {
    const p = posteriors(scores, options);
    const others = p.filter((_, c) => c !== label);
    return { binary: [p[label], sum(others)], among: others.map((value) => value / sum(others)) };
  };
  const losses = student.map((row, i) => {
    const [s, t] = [parts(row, labels[i]), parts(teacher[i], labels[i])];
    return alpha * divergence(t.binary, s.binary) + beta * divergence(t.among, s.among);
  });
  return options.temperature ** 2 * mean(losses);
}

const huber = (x: number): number => (Math.abs(x) <= 1 ? x ** 2 / 2 : Math.abs(x) - 0.5);

/** Distance-wise and angle-wise losses of Park et al., each the mean over ordered tuples of different rows. */
export function relationLosses(student: Rows, teacher: Rows): { distance: number; angle: number } {
  const indices = student.map((_, i) => i);
  const pairs = indices.flatMap((i) => indices.filter((j) => j !== i).map((j) => [i, j]));
  const length = (rows: Rows, [i, j]: number[]) => Math.hypot(...rows[i].map((value, k) => value - rows[j][k]));
  const relative = (rows: Rows) => {
    const lengths = pairs.map((pair) => length(rows, pair));
    return lengths.map((value) => value / mean(lengths));
  };
  const [s, t] = [relative(student), relative(teacher)];
  const triples = pairs.flatMap(([i, j]) => indices.filter((k) => k !== i && k !== j).map((k) => [i, j, k]));
  const angle = (rows: Rows, [i, j, k]: number[]) =>
    cosine(
      rows[i].map((value, d) => value - rows[j][d]),
      rows[k].map((value, d) => value - rows[j][d]),
    );
  return {
    distance: mean(s.map((value, i) => huber(value - t[i]))),
    angle: mean(triples.map((triple) => huber(angle(student, triple) - angle(teacher, triple)))),
  };
}
