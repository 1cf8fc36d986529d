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
    `${name} belongs to the model ${describeIdentity(itsModel)}, but this is ${describeIdentity(model)}.${older} ${advice}`,
  );
}

/**
 * Refuses to compare embeddings of two models that lie in different spaces; a student that learned its teacher's embeddings shares its space.
 * @throws UserError naming both spaces
 */
export function checkSameSpace(name: string, itsSpace: ModelIdentity, space: ModelIdentity, advice: string): void {
  if (itsSpace.digest === space.digest) return;
  throw new UserError(
    `${name} holds embeddings in the space of ${describeIdentity(itsSpace)}, and this model speaks that of ${describeIdentity(space)}. ${advice}`,
  );
}

/** A model for messages: its name, and the start of its digest. */
export const describeIdentity = ({ name, digest }: ModelIdentity) => `'${name}' with digest ${digest.slice(0, 12)}`;
