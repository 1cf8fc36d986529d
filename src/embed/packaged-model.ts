import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../errors.js';
import { MODEL_FILE } from './model-file.js';

/** This file is compiled to dist/src/embed. */
const FOLDER = fileURLToPath(new URL('../../../models/default', import.meta.url));

/**
 * The folder of the model that comes with voxloop: what commands and functions take where no model is named.
 * @throws UserError when the installation lacks it
 */
export function packagedModel(): string {
  if (existsSync(join(FOLDER, MODEL_FILE))) return FOLDER;
  throw new UserError(
    `The model that comes with voxloop is missing: ${join(FOLDER, MODEL_FILE)} is not there. ` +
      'Install voxloop again, or name a model folder of your own (--model DIR).',
  );
}
