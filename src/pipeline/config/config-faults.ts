import { UserError } from '../../errors.js';
import type { Fault } from '../../plugin/faults.js';
import type { LayeredConfig } from './config-extends.js';
import type { Override } from './overrides.js';

/**
 * Throws one UserError with all faults, if any, in the order of the file; those of files it extends follow, those of `--set` come
 * last.
 */
export function throwFaults(faults: readonly Fault[], config: LayeredConfig, overrides: readonly Override[]): void {
  if (faults.length === 0) return;
  const reports = faults.map(({ path, what, message }) => {
    const index = overrides.findLastIndex((override) => isAtOrBelow(path, override.path));
    if (index >= 0) {
      const text = `--set ${overrides[index].text}: ${message}`;
      return { layer: Number.MAX_SAFE_INTEGER, line: 0, column: index, text };
    }
    const { source, position, layer } = config.place(path, what);
    return { layer, ...position, text: source.report(position, message) };
  });
  reports.sort((a, b) => a.layer - b.layer || a.line - b.line || a.column - b.column);
  throw new UserError(reports.map(({ text }) => text).join('\n'));
}

function isAtOrBelow(path: readonly PropertyKey[], top: readonly string[]): boolean {
  return top.every((part, index) => part === String(path[index]));
}
