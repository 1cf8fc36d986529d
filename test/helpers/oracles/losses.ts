/** Losses by plain loops in float64, written from their papers. Matrices are lists of rows. */

export type Rows = readonly (readonly number[])[];

/** The rows of a row-major matrix. */
export function rowsOf(matrix: ArrayLike<number>, size: number): number[][] {
  const row = (start: number) => Array.from({ length: size }, (_, i) => matrix[start + i]);
  return Array.from({ length: matrix.length / size }, (_, i) => row(i * size));
}

/** Columns become rows. */
export const transposed = (rows: Rows): number[][] => rows[0].map((_, column) => rows.map((row) => row[column]));

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

export const cosine = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i], 0) / (Math.hypot(...a) * Math.hypot(...b));

/** Logarithm of softmax. */
export function logSoftmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return logits.map((logit) => logit - largest - Math.log(total));
}

/**
 * Additive angular margin softmax: the target's logit is scale cos(angle + margin); where angle + margin passes pi, it
 * is scale (cos(angle) - 1 - cos(pi - margin)). One loss for each row of `embeddings`.
 */
export function aamLosses(
  embeddings: Rows,
  prototypes: Rows,
  labels: readonly number[],
  { margin, scale }: { margin: number; scale: number },
): number[] {
  return embeddings.map((embedding, i) => {
    const cosines = prototypes.map((prototype) => cosine(embedding, prototype));
    const angle = Math.acos(cosines[labels[i]]);
    const widened =
      angle + margin < Math.PI ? Math.cos(angle + margin) : Math.cos(angle) - 1 - Math.cos(Math.PI - margin);
    const logits = cosines.map((value, c) => scale * (c === labels[i] ? widened : value));
    return -logSoftmax(logits)[labels[i]];
  });
}

/** NT-Xent: of all other views, the other view of the same utterance is to be found. Views are lists of embeddings. */
export function ntXentLoss([first, second]: readonly [Rows, Rows], temperature: number): number {
  const all = [...first, ...second];
  const losses = all.map((anchor, i) => {
    const others = all.flatMap((other, j) => (j === i ? [] : [{ j, logit: cosine(anchor, other) / temperature }]));
    const partner = others.findIndex(({ j }) => j === (i + first.length) % all.length);
    return -logSoftmax(others.map(({ logit }) => logit))[partner];
  });
  return mean(losses);
}

export interface DinoTemperatures {
  student: number;
  teacher: number;
}

/**
 * DINO's loss: mean over all pairs of a teacher view and another student view, and over the batch, of the cross-entropy
 * of the student's softmax against the teacher's centred and sharpened one. `student[view][utterance]` and
 * `teacher[view][utterance]` are outputs of the heads; the teacher's views are the first of the student's.
 */
export function dinoLoss(
  student: readonly Rows[],
  teacher: readonly Rows[],
  center: readonly number[],
  temperatures: DinoTemperatures,
): { loss: number; terms: number } {
  const terms: number[] = [];
  teacher.forEach((targets, t) => {
    student.forEach((outputs, s) => {
      if (s === t) return;
      const entropies = targets.map((target, utterance) => {
        const centred = target.map((value, k) => (value - center[k]) / temperatures.teacher);
        const logs = logSoftmax(outputs[utterance].map((value) => value / temperatures.student));
        return logSoftmax(centred).reduce((sum, log, k) => sum - Math.exp(log) * logs[k], 0);
      });
      terms.push(mean(entropies));
    });
  });
  return { loss: mean(terms), terms: terms.length };
}

/** Entropy of softmax(logits), averaged over rows. */
export const meanEntropy = (logits: Rows): number =>
  mean(logits.map((row) => logSoftmax(row).reduce((sum, log) => sum - Math.exp(log) * log, 0)));
