import { rmSync } from 'node:fs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const unfinished = new Set<string>();

/** Has a temporary file removed where Ctrl-C or its kin ends the process before `settle`. */
export function markUnfinished(path: string): void {
  if (unfinished.size === 0) for (const name of SIGNALS) process.on(name, leave);
  unfinished.add(path);
}

/** The file took its name, or is gone. */
export function settle(path: string): void {
  if (unfinished.delete(path) && unfinished.size === 0) stopListening();
}

function stopListening(): void {
  for (const name of SIGNALS) process.off(name, leave);
}

function leave(signal: NodeJS.Signals): void {
  // Whoever else listens ends the process in a way of its own, and may still finish the file.
  if (process.listenerCount(signal) > 1) return;
  for (const path of unfinished) rmSync(path, { force: true });
  stopListening();
  process.kill(process.pid, signal);
}
