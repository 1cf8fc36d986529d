import type { DescribedModel } from '../embed/described-model.js';
import { embedRecordings } from '../embed/embed-recordings.js';
import type { Extractor } from '../embed/extractor.js';
import type { SpeechShortage } from '../embed/speech-shortage.js';
import { UserError } from '../errors.js';
import type { ModelIdentity } from '../eval/model-identity.js';
import { dot } from '../rows.js';
import { type Calibration, readCalibration } from './calibration.js';
import { directionOf } from './directions.js';

/** A model ready to compare speakers. */
export interface SpeakerModel {
  identity: ModelIdentity;
  /** The network in whose space its embeddings lie: itself by its weights, or the teacher whose embeddings it learned to give. */
  space(): ModelIdentity;
  extractor: Extractor;
  /** Mean embedding that is subtracted before the cosine; null where the model has none. [size] */
  mean: Float32Array | null;
  calibration: Calibration | null;
  /** Of its cosines with speakers that another model of its space enrolled; null where nobody measured them. */
  calibrationWith(enrolling: ModelIdentity): Calibration | null;
}

/**
 * Prepares an opened model for the speaker tools.
 * @param raw do not subtract the mean; a calibration with the mean subtracted is then ignored
 * @throws UserError for a calibration of another model
 */
export function speakerModel(model: DescribedModel, extractor: Extractor, { raw = false } = {}): SpeakerModel {
  const identity = model.identity();
  const mean = raw ? null : model.mean;
  const calibrationOf = (enrolledBy?: ModelIdentity) => {
    const stored = readCalibration(model.dir, identity, enrolledBy);
    return stored?.meanSubtracted === (mean !== null) ? stored : null;
  };
  const calibration = calibrationOf();
  return { identity, space: () => model.space(), extractor, mean, calibration, calibrationWith: calibrationOf };
}

/** The direction of one recording's embedding, float32 [size] of length one. @throws UserError for a file that cannot be used */
export const directionOfFile = async (model: SpeakerModel, file: string): Promise<Float32Array> =>
  (await hearFile(model, file, 0)).direction;

/** The direction of one recording's embedding, and whether it holds so much speech. @throws UserError for a file that cannot be used */
export async function hearFile(
  model: SpeakerModel,
  file: string,
  leastSpeechSeconds: number,
): Promise<{ direction: Float32Array; shortage: SpeechShortage | null }> {
  const recordings = [{ name: file, path: file }];
  for await (const outcome of embedRecordings(recordings, model.extractor, { leastSpeechSeconds })) {
    if ('reason' in outcome) throw new UserError(outcome.reason);
    return { direction: directionOf(file, outcome.parts[0].vector, model.mean), shortage: outcome.shortage };
  }
  throw new Error('no outcome');
}

/** Cosine of two recordings' embeddings, in [-1, 1]. @throws UserError for a file that cannot be used */
export async function cosineOfFiles(model: SpeakerModel, a: string, b: string): Promise<number> {
  return cosine(await directionOfFile(model, a), await directionOfFile(model, b));
}

/** The cosine of two vectors of length one, clamped to [-1, 1] against rounding. */
export const cosine = (a: Float32Array, b: Float32Array): number => Math.min(1, Math.max(-1, dot(a, b)));
