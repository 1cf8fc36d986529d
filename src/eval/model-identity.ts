import { z } from 'zod';
import { UserError } from '../errors.js';

/** The model of embeddings or of a calibration: a name for people, a digest for certainty. */
export const modelIdentity = z.strictObject({
  name: z.string(),
  /** SHA-256 of the model's file or of its weights alone, depending on its use. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ModelIdentity = z.output<typeof modelIdentity>;

/** A model that may be unknown: older files do not record it. */
type Known = ModelIdentity | null | undefined;

/** @throws UserError naming both models when they differ and both are known; `advice` tells the user what to do */
export function checkSameModel(name: string, itsModel: Known, model: Known, advice: string): void {
  if (!itsModel || !model || itsModel.digest === model.digest) return;
  // One name, two digests: more often than another training of the same recipe, it is the same model under another version.
  const older =
    itsModel.name === model.name
      ? ' A version of voxloop that hears recordings otherwise gives a model another digest.'
      : '';
  throw new UserError(
    `${name} belongs to the model ${shown(itsModel)}, but this is ${shown(model)}.${older} ${advice}`,
  );
}

const shown = ({ name, digest }: ModelIdentity) => `'${name}' with digest ${digest.slice(0, 12)}`;
