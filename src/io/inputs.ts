import { statSync } from 'node:fs';
import { UserError } from '../errors.js';

/** Paths that are read; a function where there are so many that they are not to be held. */
export type InputPaths = readonly string[] | (() => Iterable<string>);

const declared: InputPaths[] = [];

/** Declares files that the running command reads: from now on nothing that is written takes the place of one of them. */
export function declareInputs(paths: InputPaths): void {
  declared.push(paths);
}

/** Forgets every declared input: another command begins. */
export function forgetInputs(): void {
  declared.length = 0;
}

/**
 * Refuses to write over an input, whatever names the two go by (links count as what they point to). Every file that is written passes
 * here; commands ask before long work, too.
 * @throws UserError where `path` is a file that was declared as an input
 */
export function refuseInput(path: string): void {
  if (declared.length === 0) return;
  const output = regularFile(path);
  if (output === undefined) return;
  for (const paths of declared)
    for (const input of typeof paths === 'function' ? paths() : paths)
      if (regularFile(input) === output)
        throw new UserError(
          `${path} is an input of this command${input === path ? '' : ` (${input})`} and will not be overwritten. ` +
            'Choose another name for what is written.',
        );
}

/** What is the same for all names of a file; undefined where none is there, and for folders, pipes and devices. */
function regularFile(path: string): string | undefined {
  try {
    const status = statSync(path, { throwIfNoEntry: false, bigint: true });
    return status?.isFile() ? `${status.dev}:${status.ino}` : undefined;
  } catch {
    return undefined;
  }
}
