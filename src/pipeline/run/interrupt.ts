/** The run was stopped by Ctrl-C or SIGTERM after it saved its state: exit code 130. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly exitCode = 130;

  constructor() {
    super('Stopped. The same command goes on from here.');
  }
}

/** npm and npx forward Ctrl-C to a process that has it from the terminal already: one key press, two signals. */
const SAME_KEY_PRESS_MS = 300;

/** Listens for Ctrl-C and SIGTERM: the first aborts the signal, the second ends the process at once. */
export function listenForInterrupt(say: (line: string) => void): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  let abortedAt = 0;
  const onSignal = () => {
    if (controller.signal.aborted) {
      if (performance.now() - abortedAt > SAME_KEY_PRESS_MS) process.exit(130);
      return;
    }
    abortedAt = performance.now();
    say('stopping after the next checkpoint; press Ctrl-C again to stop at once');
    controller.abort(new Interrupted());
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const name of signals) process.on(name, onSignal);
  const stop = () => {
    for (const name of signals) process.off(name, onSignal);
  };
  return { signal: controller.signal, stop };
}

/** True for the error of a stage that ended because the signal asked it to. */
export function isInterruption(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  if (error === signal.reason || error instanceof Interrupted) return true;
  return error instanceof Error && error.name === 'AbortError';
}
