import { UserError } from '../errors.js';
import type { ConfigSource } from './config-source.js';
import type { Fault } from './faults.js';
import type { Override } from './overrides.js';

/** Throws one UserError with all faults, in the order of the file; those of `--set` come last. Nothing when there is none. */
export function throwFaults(faults: readonly Fault[], source: ConfigSource, overrides: readonly Override[]): void {
  if (faults.length === 0) return;
  const reports = faults.map(({ path, what, message }) => {
    const index = overrides.findLastIndex((override) => isAtOrBelow(path, override.path));
    if (index >= 0) {
      return { line: Number.POSITIVE_INFINITY, column: index, text: `--set ${overrides[index].text}: ${message}` };
    }
    const position = source.locate(path, what);
    return { ...position, text: source.report(position, message) };
  });
  reports.sort((a, b) => (a.line === b.line ? a.column - b.column : a.line - b.line));
  throw new UserError(reports.map(({ text }) => text).join('\n'));
}

function isAtOrBelow(path: readonly PropertyKey[], top: readonly string[]): boolean {
  return top.every((part, index) => part === String(path[index]));
}
