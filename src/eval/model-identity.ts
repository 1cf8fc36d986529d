import { z } from 'zod';
import { UserError } from '../errors.js';

/** Which model made embeddings, or was calibrated: a name for people, a digest for certainty. */
export const modelIdentity = z.strictObject({
  name: z.string(),
  /** SHA-256, of the model's file or of its weights alone: what is compared says which. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ModelIdentity = z.output<typeof modelIdentity>;

/** A model that may not be known: older files do not tell it. */
type Known = ModelIdentity | null | undefined;

/** @throws UserError naming both models, where both are known, when `what` was made by another one; `mend` says what to do */
export function checkSameModel(what: string, made: Known, given: Known, mend: string): void {
  if (!made || !given || made.digest === given.digest) return;
  throw new UserError(`${what} belongs to the model ${shown(made)}, but this is ${shown(given)}. ${mend}`);
}

const shown = ({ name, digest }: ModelIdentity) => `'${name}' with digest ${digest.slice(0, 12)}`;
