import { addToStore, type ChangeOptions, storeKindOf } from '../../speakers/change-store.js';
import type { SpeakerModel } from '../../speakers/speaker-model.js';
import type { VoiceNames } from './voice-names.js';

/** A voice that was enrolled under its number. */
export interface NumberedEnrolment {
  speaker: string;
  recordings: number;
  speechSeconds: number;
}

/**
 * Enrols the voices that got a number under that number, in a store, which is made when there is none; `renameSpeaker` gives them a name.
 * @throws UserError when somebody else has enrolled one of these numbers since the names were opened
 */
export async function enrollNumbered(
  dir: string,
  model: SpeakerModel,
  names: VoiceNames,
  options: ChangeOptions = {},
): Promise<NumberedEnrolment[]> {
  const voices = names.numbered();
  if (voices.length === 0) return [];
  const kind = storeKindOf(model);
  const enrolments = voices.map(({ speaker, heard }) => ({
    speaker,
    utterances: heard.map(({ source, speechSeconds, unit }) => ({
      file: source,
      seconds: speechSeconds,
      soundSeconds: speechSeconds,
      vector: unit,
    })),
  }));
  await addToStore(dir, kind, enrolments, { ...options, onlyNew: true });
  return voices.map(({ speaker, heard }) => ({
    speaker,
    recordings: heard.length,
    speechSeconds: heard.reduce((sum, { speechSeconds }) => sum + speechSeconds, 0),
  }));
}
