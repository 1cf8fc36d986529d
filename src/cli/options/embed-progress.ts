/** With fewer recordings the work is over before a display helps. */
const WORTH_SHOWING = 32;

/** Runs `act` with a display of the recordings done so far on standard error, if there are at least `worthShowing`. */
export async function withEmbedProgress<T>(
  recordings: number,
  act: (progress: ((done: number, total: number) => void) | undefined) => Promise<T>,
  { label = 'embed', worthShowing = WORTH_SHOWING }: { label?: string; worthShowing?: number } = {},
): Promise<T> {
  if (recordings < worthShowing) return act(undefined);
  const { createProgress } = await import('../../pipeline/run/progress.js');
  const display = createProgress({ stream: process.stderr, label });
  try {
    return await act((step, total) => display.update({ step, total }));
  } finally {
    display.done();
  }
}

/** Prints on standard error which files were left out and why. */
export function reportSkipped(skipped: readonly { file: string; reason: string }[]): void {
  for (const { reason } of skipped) process.stderr.write(`skipped: ${reason}\n`);
}
