import type { FeatureDefinition } from '../../audio/features/feature-definition.js';
import { UserError } from '../../errors.js';
import { archivePlace } from '../../io/archive-place.js';
import { readKaldiValue } from '../../io/kaldi/scp.js';
import type { Source } from './hash.js';

/**
 * Reads the features of an utterance out of a Kaldi archive (`feats.ark:123`) or a file of one matrix, compressed ones, too:
 * float32 [frames, bins].
 * @throws UserError when there is no such matrix, or its values are not finite
 */
export function readStoredFeatures({ path }: Source, { bins }: FeatureDefinition): Float32Array {
  const { archive, offset } = archivePlace(path) ?? { archive: path, offset: 0 };
  const { shape, data } = readKaldiValue(archive, offset);
  if (shape.length !== 2) throw new UserError(`a vector of ${shape[0]} values, where a matrix of features is expected`);
  const [frames, columns] = shape;
  if (columns !== bins) throw new UserError(`features of ${columns} bins, where ${bins} are expected`);
  if (frames === 0) throw new UserError('the matrix of features is empty');
  const values = Float32Array.from(data);
  const broken = values.findIndex((value) => !Number.isFinite(value));
  if (broken < 0) return values;
  throw new UserError(`the features of frame ${Math.floor(broken / bins)} are not finite numbers`);
}
