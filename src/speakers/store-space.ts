import { UserError } from '../errors.js';
import { checkSameModel, describeIdentity } from '../eval/model-identity.js';
import type { SpeakerModel } from './speaker-model.js';
import type { StoreInfo } from './store-format.js';

/**
 * A model as it compares recordings with the speakers of a store: the one that enrolled them, or, with the calibration of both instead
 * of its own, one whose embeddings lie in the same space, as those of a student that learned its teacher's.
 * @throws UserError naming the models for one of another space, and where only one of both subtracts its mean
 */
export function modelForStore(dir: string, info: StoreInfo, model: SpeakerModel): SpeakerModel {
  if (info.model.digest === model.identity.digest) return model;
  const name = `The store ${dir}`;
  if (!isShared(info, model)) checkSameModel(name, info.model, model.identity, adviceFor(info, model));
  if (info.meanSubtracted === (model.mean !== null))
    return { ...model, calibration: model.calibrationWith(info.model) };
  const [store, other] = info.meanSubtracted ? ['with', 'has none'] : ['without', 'has one'];
  throw new UserError(
    `${name} was enrolled ${store} a mean embedding subtracted, and '${model.identity.name}' ${other}. Take both models from embed ` +
      'stages (RUN/stages/<name>/model), which know their means, or neither.',
  );
}

/** True where a student compares itself with its teacher or another student, and not a network with itself under another mean. */
function isShared({ space, model: enrolled }: StoreInfo, model: SpeakerModel): boolean {
  const own = model.space();
  return space?.digest === own.digest && (own.name !== model.identity.name || space.name !== enrolled.name);
}

function adviceFor({ space }: StoreInfo, model: SpeakerModel): string {
  const own = model.space();
  if (own.name === model.identity.name)
    return 'Use that model or a student that learned its embeddings, or enrol into another store.';
  const learned = `This one learned the embeddings of ${describeIdentity(own)}`;
  return space === undefined
    ? `${learned}; whose these are, an earlier version of voxloop did not note: enrol again.`
    : `${learned}. Use a student of ${describeIdentity(space)}, or enrol into another store.`;
}
