import { describeIssue, describeUnknownKey, type Issue } from './describe-issue.js';

/** Something wrong with what the user wrote. */
export interface Fault {
  path: readonly PropertyKey[];
  /** The part of the entry at `path` that the message points at. */
  what: 'key' | 'value';
  message: string;
}

/** The messages of the conditions that hold; a message is built only where its condition does. */
export function faultsWhere(faults: readonly (readonly [wrong: boolean, message: () => string])[]): string[] {
  return faults.filter(([wrong]) => wrong).map(([, message]) => message());
}

/** Names for the parsed value and its parts in messages. */
export interface Naming {
  /** `the config`, or `stage 'pretrain'`. */
  place: string;
  /** The path that leads to it. */
  path: readonly PropertyKey[];
  value: unknown;
  /** The keys that are known at a path below it. */
  keysAt(path: readonly PropertyKey[]): string[];
}

/** The faults that zod reports for one value. */
export function faultsOf(issues: readonly Issue[], naming: Naming): Fault[] {
  return issues.flatMap(flatten).flatMap((issue) => faultsOfIssue(issue, naming));
}

function faultsOfIssue(issue: Issue, { place, path, value, keysAt }: Naming): Fault[] {
  const where = [...path, ...issue.path];
  const dotted = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = 'known' in issue ? (issue.known as string[]) : keysAt(issue.path);
    const inside = dotted ? `'${dotted}' of ${place}` : place;
    return issue.keys.map((key) => {
      return { path: [...where, key], what: 'key', message: describeUnknownKey(key, inside, known) };
    });
  }
  const subject = dotted && path.length === 0 ? `'${dotted}'` : dotted ? `'${dotted}' of ${place}` : place;
  return [{ path: where, what: 'value', message: `${subject} ${describeIssue(issue, valueAt(value, issue.path))}` }];
}

// For a union, the issues of the one branch of the value's own type say more than that no branch fits.
function flatten(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const meant = issue.errors.filter((branch) => !branch.some(({ code, path }) => isMisfit(code) && path.length === 0));
  if (meant.length !== 1) return [issue];
  return meant[0].flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] }));
}

const isMisfit = (code: string): boolean => code === 'invalid_type' || code === 'invalid_value';

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
}
