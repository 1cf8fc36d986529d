import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package; this file is compiled to dist/src/data/corpus/folders. */
const PACKAGE = fileURLToPath(new URL('../../../../../', import.meta.url));

/** A list's file: from the current folder, from the root of the recordings, or one that comes with voxloop; as it is where there is none. */
export const findList = (file: string, root: string): string =>
  [file, join(root, file), join(PACKAGE, file)].find((path) => existsSync(path)) ?? file;
