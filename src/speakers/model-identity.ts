import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describeHearing } from '../embed/hearing.js';
import { MODEL_FILE, type Model } from '../embed/model-file.js';
import { modelName } from '../embed/weights-identity.js';
import type { ModelIdentity } from '../eval/model-identity.js';
import { withFile } from '../io/read-file.js';

const PIECE_BYTES = 1 << 24;

/** The identity of a model on disk by its file (weights, features, mean and description) and by what it hears. Scores depend on all of them. */
export function identityOf({ dir, info }: Model): ModelIdentity {
  const hash = createHash('sha256').update(`${describeHearing(info)}\n`);
  withFile(join(dir, MODEL_FILE), (file) => {
    for (let at = 0; at < file.bytes; at += PIECE_BYTES) {
      hash.update(new Uint8Array(file.read(at, Math.min(PIECE_BYTES, file.bytes - at))));
    }
  });
  return { name: modelName(info), digest: hash.digest('hex') };
}
