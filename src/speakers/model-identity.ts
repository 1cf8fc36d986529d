import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.js';
import { withFile } from '../io/read-file.js';
import type { Model } from '../train/model-file.js';
import { MODEL_FILE } from '../train/model-file.js';

/** Which model made embeddings or was calibrated: a name for people, a digest for certainty. */
export const modelIdentity = z.strictObject({
  name: z.string(),
  /** SHA-256 of the model's file: weights, features, mean and description. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ModelIdentity = z.output<typeof modelIdentity>;

const PIECE_BYTES = 1 << 24;

/** The identity of a model on disk; its name is its origin and backbone. */
export function identityOf({ dir, info }: Model): ModelIdentity {
  const hash = createHash('sha256');
  withFile(join(dir, MODEL_FILE), (file) => {
    for (let at = 0; at < file.bytes; at += PIECE_BYTES) {
      hash.update(new Uint8Array(file.read(at, Math.min(PIECE_BYTES, file.bytes - at))));
    }
  });
  return { name: `${info.origin} (${info.backbone.name}, ${info.embeddingSize})`, digest: hash.digest('hex') };
}

/** @throws UserError naming both models when `what` was made by another one; `mend` says what to do */
export function checkSameModel(what: string, made: ModelIdentity, given: ModelIdentity, mend: string): void {
  if (made.digest === given.digest) return;
  throw new UserError(`${what} belongs to the model ${shown(made)}, but this is ${shown(given)}. ${mend}`);
}

const shown = ({ name, digest }: ModelIdentity) => `'${name}' with digest ${digest.slice(0, 12)}`;
