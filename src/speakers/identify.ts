import type { Search } from '../cluster/neighbours/neighbours.js';
import { type EmbedOutcome, embedRecordings } from '../embed/embed-recordings.js';
import type { SpeechShortage } from '../embed/speech-shortage.js';
import { messageOf, UserError } from '../errors.js';
import type { Match, SpeakerSearch } from './centroids.js';
import { chooseThreshold, type DecisionOptions, llrOf, type Threshold } from './decision.js';
import { directionOf } from './directions.js';
import { LEAST_SPEECH_SECONDS } from './least-speech.js';
import { openSearch } from './search.js';
import type { SpeakerModel } from './speaker-model.js';
import { readInfo } from './store.js';
import { modelForStore } from './store-space.js';

/**
 * The most similar speakers of a recording, best first; `speaker` is null when none is above the threshold, without one, and where the
 * recording holds too little speech.
 */
export type Identification =
  | {
      file: string;
      speaker: string | null;
      matches: (Match & { llr: number | null })[];
      shortage: SpeechShortage | null;
    }
  | { file: string; reason: string };

export interface IdentifyOptions extends DecisionOptions {
  /** Number of speakers to name for each recording. */
  top?: number;
  search?: Search;
  log?: (line: string) => void;
  progress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** Identifications of recordings, in their order, as they are made; and the threshold that decides them. */
export interface IdentifyRun {
  /** null for a model without a calibration where none is chosen: nobody is named then. */
  threshold: Threshold | null;
  speakers: number;
  exact: boolean;
  results: AsyncGenerator<Identification>;
}

/**
 * Looks for the speakers of recordings among all that are enrolled (open set), by the model that enrolled them or one that shares its space.
 * A recording that cannot be used is a result with a reason.
 * @throws UserError for an empty store or one of another space, and for a false-accept rate that the model's calibration lacks
 */
export async function identifySpeakers(
  dir: string,
  asked: SpeakerModel,
  files: readonly string[],
  {
    top = 5,
    search,
    log,
    progress,
    signal,
    leastSpeechSeconds = LEAST_SPEECH_SECONDS,
    ...choice
  }: IdentifyOptions = {},
): Promise<IdentifyRun> {
  const info = readInfo(dir);
  const model = modelForStore(dir, info, asked);
  const opened = await openSearch(dir, info.model, { search, log });
  const threshold = chooseThreshold(model.calibration, choice);
  const recordings = files.map((file) => ({ name: file, path: file }));
  const results = async function* (): AsyncGenerator<Identification> {
    const options = { progress, signal, leastSpeechSeconds };
    for await (const outcome of embedRecordings(recordings, model.extractor, options)) {
      yield identificationOf(outcome, { model, opened, top, threshold: threshold?.value ?? null });
    }
  };
  return { threshold, speakers: opened.speakers, exact: opened.exact, results: results() };
}

function identificationOf(
  outcome: EmbedOutcome,
  {
    model,
    opened,
    top,
    threshold,
  }: { model: SpeakerModel; opened: SpeakerSearch; top: number; threshold: number | null },
): Identification {
  const file = outcome.recording.path;
  try {
    if ('reason' in outcome) throw new UserError(outcome.reason);
    const matches = opened.find(directionOf(file, outcome.parts[0].vector, model.mean), top);
    const { shortage } = outcome;
    const decides = threshold !== null && shortage === null;
    const speaker = decides && matches[0].score > threshold ? matches[0].speaker : null;
    return {
      file,
      speaker,
      matches: matches.map((match) => ({ ...match, llr: llrOf(model.calibration, match.score) })),
      shortage,
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { file, reason: messageOf(error) };
  }
}
