import { UserError } from '../errors.js';
import { kindOfReason } from './skip-kinds.js';

/** A recording that could not be used. `kind`, for counting, defaults to the one that the reason tells. */
export interface Unusable {
  file: string;
  reason: string;
  kind?: string;
}

/** The error for when no recording can be used: the counts by kind of reason, and the first reason. @param unusable at least one */
export function noneUsable(unusable: Iterable<Unusable>): UserError {
  const counts = new Map<string, number>();
  let first: string | undefined;
  let count = 0;
  for (const { file, reason, kind } of unusable) {
    first ??= reason.includes(file) ? reason : `${file}: ${reason}`;
    // Its name may hold words that reasons hold.
    const counted = kind ?? kindOfReason(reason.replaceAll(file, ''));
    counts.set(counted, (counts.get(counted) ?? 0) + 1);
    count++;
  }
  if (count === 1) return new UserError(`The only recording cannot be used: ${first}`);
  const kinds = [...counts].sort(([, a], [, b]) => b - a).map(([kind, times]) => `${times} ${kind}`);
  return new UserError(`None of the ${count} recordings can be used: ${kinds.join(', ')}. The first: ${first}`);
}
