import { isAbsolute, join } from 'node:path';

/** The place of a file that a list names: below `root`, or where an absolute path says. */
export const pathBelow = (root: string, name: string): string => (isAbsolute(name) ? name : join(root, name));
