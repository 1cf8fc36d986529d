import type { SpeechShortage } from '../embed/speech-shortage.js';
import { chooseThreshold, type DecisionOptions, llrOf, type Threshold } from './decision.js';
import { centroidOf } from './directions.js';
import { LEAST_SPEECH_SECONDS } from './least-speech.js';
import { cosine, hearFile, type SpeakerModel } from './speaker-model.js';
import { readStoreVectors, speakerOf } from './store.js';
import { modelForStore } from './store-space.js';

/** The comparison of a recording with the speaker that it is claimed to be of. */
export interface Verification {
  speaker: string;
  file: string;
  /** Cosine of the recording and the mean direction of the speaker's recordings. */
  score: number;
  /** Log-likelihood ratio, natural logarithm; null for a model without a calibration. */
  llr: number | null;
  /** null, and `same` too, for a model without a calibration where no threshold is chosen. */
  threshold: Threshold | null;
  /** The speech that the recording lacks for an answer; `same` is null then. */
  shortage: SpeechShortage | null;
  same: boolean | null;
}

/**
 * Compares a recording with one enrolled speaker. The model is the one that enrolled, or shares its space: then the calibration of both
 * decides, where there is one.
 * @throws UserError for an unknown name (with the nearest one), a file that cannot be used, and a store of another model
 */
export async function verifySpeaker(
  dir: string,
  model: SpeakerModel,
  {
    speaker,
    file,
    leastSpeechSeconds = LEAST_SPEECH_SECONDS,
    ...choice
  }: { speaker: string; file: string } & DecisionOptions,
): Promise<Verification> {
  const { store, vectors } = readStoreVectors(dir, (opened) => {
    modelForStore(dir, opened.info, model);
    return [speakerOf(opened, speaker)];
  });
  const { calibration } = modelForStore(dir, store.info, model);
  const threshold = chooseThreshold(calibration, choice);
  const centroid = centroidOf(speaker, vectors, model.extractor.size);
  const { direction, shortage } = await hearFile(model, file, leastSpeechSeconds);
  const score = cosine(direction, centroid);
  const same = shortage ? null : threshold && score > threshold.value;
  return { speaker, file, score, llr: llrOf(calibration, score), threshold, shortage, same };
}
