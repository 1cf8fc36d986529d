/** The distribution of an epoch's losses in equal parts of their range. */
export interface LossHistogram {
  low: number;
  high: number;
  sum: number;
  sumSquares: number;
  /** Losses in each part, the lowest first; one that lies on an edge belongs to the part below. */
  counts: number[];
}

const PARTS = 30;

/** The histogram of losses [utterances]; those that are not finite (of utterances that were not met) are left out. */
export function lossHistogram(losses: Float32Array): LossHistogram | undefined {
  const known = losses.filter(Number.isFinite);
  if (known.length === 0) return undefined;
  const low = known.reduce((least, loss) => Math.min(least, loss));
  const high = known.reduce((most, loss) => Math.max(most, loss));
  const counts = new Array<number>(PARTS).fill(0);
  let [sum, sumSquares] = [0, 0];
  for (const loss of known) {
    const part = high > low ? Math.ceil(((loss - low) / (high - low)) * PARTS) - 1 : 0;
    counts[Math.min(PARTS - 1, Math.max(0, part))]++;
    sum += loss;
    sumSquares += loss * loss;
  }
  return { low, high, sum, sumSquares, counts };
}
