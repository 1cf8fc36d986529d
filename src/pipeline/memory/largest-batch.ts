/** Largest batch that is considered. */
export const MOST_UTTERANCES = 1024;
/** Most graphs built to find the largest batch. */
const TRIALS = 8;

/**
 * The largest batch, up to MOST_UTTERANCES, whose step fits into `budget` bytes, or null when none does. Batches are multiples of
 * `unit`, from `least` on; `start` is a batch whose bytes are known. Memory is nearly affine in the batch: the limit is extrapolated from
 * two sizes, and the guess is tried.
 */
export async function largestBatch(
  bytesAt: (batch: number) => Promise<number>,
  budget: number,
  { unit, least, start }: { unit: number; least: number; start: { batch: number; bytes: number } },
): Promise<number | null> {
  const known = new Map([[start.batch, start.bytes]]);
  const evaluate = async (batch: number) => {
    const bytes = known.get(batch) ?? (await bytesAt(batch));
    known.set(batch, bytes);
    return bytes;
  };
  const most = Math.max(Math.floor(MOST_UTTERANCES / unit) * unit, start.batch);
  const rounded = (batch: number) => Math.min(Math.max(Math.floor(batch / unit) * unit, least), most);
  await evaluate(rounded(start.batch === least ? 2 * least : start.batch / 2));
  for (let trial = 0; trial < TRIALS; trial++) {
    const sizes = [...known].sort(([a], [b]) => a - b);
    const fitting = sizes.filter(([, bytes]) => bytes <= budget).at(-1);
    const failing = sizes.find(([, bytes]) => bytes > budget);
    if (failing?.[0] === least) return null;
    if (fitting && (fitting[0] === most || failing?.[0] === fitting[0] + unit)) return fitting[0];
    const [first, second] = fitting && failing ? [fitting, failing] : fitting ? sizes.slice(-2) : sizes.slice(0, 2);
    const guess = rounded(limitOf(first, second, budget));
    if (fitting && guess === fitting[0] && sizes.length > 2) return guess;
    const [low, high] = [fitting ? fitting[0] + unit : least, failing ? failing[0] - unit : most];
    await evaluate(Math.min(Math.max(guess, low), high));
  }
  return [...known].filter(([, bytes]) => bytes <= budget).reduce((most, [batch]) => Math.max(most, batch), 0) || null;
}

/** The batch at which the line through two sizes reaches the budget. */
function limitOf([a, bytesA]: [number, number], [b, bytesB]: [number, number], budget: number): number {
  const slope = (bytesA - bytesB) / (a - b);
  return slope > 0 ? a + (budget - bytesA) / slope : MOST_UTTERANCES;
}
