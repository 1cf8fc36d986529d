import { type EmbedOutcome, embedRecordings } from '../embed/embed-recordings.js';
import { messageOf, UserError } from '../errors.js';
import { addToStore, type ChangeOptions, checkStoreModel, type Enrolment, storeKindOf } from './change-store.js';
import { directionOf } from './directions.js';
import type { SpeakerModel } from './speaker-model.js';
import { speakerName } from './speaker-name.js';
import { isStore, readInfo } from './store.js';

/** Recordings to enrol a speaker with. */
export interface EnrollRequest {
  speaker: string;
  files: readonly string[];
}

export interface EnrollOptions extends ChangeOptions {
  /** These recordings take the place of those that the speaker had. */
  replace?: boolean;
  /** Enrols a speaker with the recordings that can be used, if there are any. */
  skipBad?: boolean;
  progress?: (done: number, total: number) => void;
}

/** The result of an enrolment. */
export interface EnrollReport {
  enrolled: { speaker: string; utterances: number; seconds: number; soundSeconds: number }[];
  /** Speakers that were not stored, and how many of their recordings can be used. */
  refused: { speaker: string; reason: string; usable: number }[];
  skipped: { file: string; reason: string }[];
  /** Recordings that the speaker was enrolled with already. */
  repeated: { speaker: string; file: string }[];
  warnings: string[];
}

/** Less sound than this makes a poor enrolment. */
const SHORT_SECONDS = 1;
/** Speakers stored at a time; a crash loses at most this many of a long list. */
const BATCH_SPEAKERS = 64;

/**
 * Enrols speakers in a store, which is made when there is none. A speaker is stored whole or not at all, and a list of many in
 * steps; giving it again adds only what is missing.
 * @throws UserError for a list with a bad name or a speaker without recordings, and for a store of another model
 */
export async function enrollSpeakers(
  dir: string,
  model: SpeakerModel,
  requests: readonly EnrollRequest[],
  options: EnrollOptions = {},
): Promise<EnrollReport> {
  const merged = mergeRequests(requests);
  if (isStore(dir)) checkStoreModel(dir, readInfo(dir), model.identity);
  const report: EnrollReport = { enrolled: [], refused: [], skipped: [], repeated: [], warnings: [] };
  const kind = storeKindOf(model);
  let ready: Enrolment[] = [];
  const store = async () => {
    if (ready.length === 0) return;
    const { repeated } = await addToStore(dir, kind, ready, options);
    report.repeated.push(...repeated);
    report.enrolled.push(...ready.map((enrolment) => summaryOf(enrolment, repeated)));
    ready = [];
  };
  const recordings = merged.flatMap(({ files }) => files.map((file) => ({ name: file, path: file })));
  const { progress, signal } = options;
  const outcomes = embedRecordings(recordings, model.extractor, { measureSound: true, progress, signal });
  for (const { speaker, files } of merged) {
    const enrolment = await collect(speaker, files.length, outcomes, { model, report, skipBad: options.skipBad });
    if (enrolment) ready.push(enrolment);
    if (ready.length === BATCH_SPEAKERS) await store();
  }
  await store();
  return report;
}

async function collect(
  speaker: string,
  files: number,
  outcomes: AsyncGenerator<EmbedOutcome>,
  { model, report, skipBad }: { model: SpeakerModel; report: EnrollReport; skipBad?: boolean },
): Promise<Enrolment | undefined> {
  const utterances: Enrolment['utterances'] = [];
  const bad: { file: string; reason: string }[] = [];
  for (let i = 0; i < files; i++) {
    const { value: outcome } = await outcomes.next();
    const file = outcome.recording.path;
    try {
      utterances.push(utteranceOf(outcome, model));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      bad.push({ file, reason: messageOf(error) });
    }
  }
  report.skipped.push(...bad);
  if (utterances.length === 0 || (bad.length > 0 && !skipBad)) {
    report.refused.push({ speaker, reason: bad.map(({ reason }) => reason).join(' '), usable: utterances.length });
    return undefined;
  }
  for (const { file, soundSeconds } of utterances) {
    if (soundSeconds >= SHORT_SECONDS) continue;
    report.warnings.push(`${file} holds ${soundSeconds.toFixed(2)} s of sound; ${SHORT_SECONDS} s or more is better.`);
  }
  return { speaker, utterances };
}

function utteranceOf(outcome: EmbedOutcome, { mean }: SpeakerModel): Enrolment['utterances'][number] {
  if ('reason' in outcome) throw new UserError(outcome.reason);
  const { recording, parts, seconds } = outcome;
  const soundSeconds = outcome.soundSeconds!;
  if (soundSeconds === 0) throw new UserError(`${recording.path} is silent: nothing in it is louder than -66 dB.`);
  return { file: recording.path, seconds, soundSeconds, vector: directionOf(recording.path, parts[0].vector, mean) };
}

function summaryOf({ speaker, utterances }: Enrolment, repeated: EnrollReport['repeated']) {
  const again = new Set(repeated.filter((repetition) => repetition.speaker === speaker).map(({ file }) => file));
  const added = utterances.filter(({ file }) => !again.has(file));
  const sum = (key: 'seconds' | 'soundSeconds') => added.reduce((total, utterance) => total + utterance[key], 0);
  return {
    speaker,
    utterances: added.length,
    seconds: sum('seconds'),
    soundSeconds: sum('soundSeconds'),
  };
}

/** Each speaker once, with all recordings that the list has of them. */
function mergeRequests(requests: readonly EnrollRequest[]): { speaker: string; files: string[] }[] {
  const files = new Map<string, Set<string>>();
  for (const request of requests) {
    const name = speakerName(request.speaker);
    const known = files.get(name) ?? new Set();
    for (const file of request.files) known.add(file);
    files.set(name, known);
  }
  const merged = [...files].map(([speaker, set]) => ({ speaker, files: [...set] }));
  const empty = merged.filter((request) => request.files.length === 0);
  if (empty.length > 0) {
    const names = empty.map(({ speaker }) => `'${speaker}'`).join(', ');
    throw new UserError(
      `No recording is given to enrol ${names} with. Name at least one; three of 5 s or more are better.`,
    );
  }
  if (merged.length === 0) throw new UserError('There is nobody to enrol. Name a speaker and recordings.');
  return merged;
}
