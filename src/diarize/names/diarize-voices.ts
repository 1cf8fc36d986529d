import { toPcm16 } from '../../data/shards/pcm16.js';
import { embedPieces } from '../../embed/embed-pieces.js';
import type { Extractor } from '../../embed/extractor.js';
import { UserError } from '../../errors.js';
import { rowsOf } from '../../rows.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import type { SpeakerModel } from '../../speakers/speaker-model.js';
import { type DiarizeContext, type DiarizeOptions, diarize } from '../diarize.js';
import { loadToDiarize } from '../diarize-file.js';
import { joinSpans, type Segment, type Span, spansBySpeaker, spansWithout } from '../segments.js';
import type { Voice, VoiceIdentity, VoiceNames } from './voice-names.js';

/** A speaker of a recording. */
export interface RecordedVoice extends VoiceIdentity {
  /** As in the segments: the name or number, and where nothing was decided a number of this recording's own. */
  label: string;
  /** Of the first turn. */
  startSeconds: number;
  /** Of all turns. */
  speechSeconds: number;
  /** The embedding of all turns together, where nobody else speaks at the same time, as the model gives it. // [size] */
  vector: Float32Array;
}

/** The result for a recording: segments and their speakers, in the order of their first turns; or the reason it cannot be used. */
export type NamedDiarization = { segments: Segment[]; voices: RecordedVoice[] } | { reason: string };

/**
 * Diarizes a file, with an embedding of each speaker, and names them. Given the names that other files were named with, a voice that is heard in
 * several has the same number in all of them; without any, speakers are numbered in each file. @throws as diarize
 */
export async function diarizeVoices(
  path: string,
  model: Pick<SpeakerModel, 'extractor'>,
  options: DiarizeOptions,
  { names, ...context }: DiarizeContext & { names?: VoiceNames } = {},
): Promise<NamedDiarization> {
  const loaded = await loadToDiarize(path);
  if ('reason' in loaded) return loaded;
  const found = await diarize(loaded.samples, model.extractor, options, context);
  if (found.length === 0) return { segments: [], voices: [] };
  const voices = await voicesOf(loaded.samples, found, model.extractor);
  const identities =
    names &&
    namesOf(
      names,
      voices.map((voice) => ({ source: `${path}#${voice.found}`, ...voice })),
    );
  if (identities && 'reason' in identities) return identities;
  const named = voices.map(({ found: number, ...voice }, i): RecordedVoice => {
    const identity = identities?.[i] ?? NOBODY;
    return { ...voice, ...identity, label: identity.speaker ?? names?.nextNumber() ?? number };
  });
  const labels = new Map(voices.map(({ found: speaker }, i) => [speaker, named[i].label]));
  const segments = found.map((segment) => ({ ...segment, speaker: labels.get(segment.speaker)! }));
  return { segments, voices: named };
}

/** Names, or the reason why a voice cannot be compared. */
function namesOf(names: VoiceNames, voices: readonly Voice[]): VoiceIdentity[] | { reason: string } {
  try {
    return names.name(voices);
  } catch (error) {
    if (error instanceof UserError) return { reason: error.message };
    throw error;
  }
}

const NOBODY: VoiceIdentity = {
  speaker: null,
  enrolled: false,
  score: null,
  llr: null,
  nearest: null,
  shortage: null,
};

/** The speakers of a recording, in the order of their first turns, each with the embedding of its turns put together. */
async function voicesOf(samples: Float32Array, segments: readonly Segment[], extractor: Extractor) {
  const pcm = toPcm16(samples);
  const spans = [...spansBySpeaker(segments)];
  const place = (seconds: number) => Math.round(seconds * SAMPLE_RATE_HZ);
  const turns = spans.map(([speaker, own]) =>
    spansAlone(own, segments, speaker).map((span) => pcm.subarray(place(span.startSeconds), place(span.endSeconds))),
  );
  const vectors = await embedPieces(turns.map(joinTurns), extractor);
  const rows = [...rowsOf(vectors, extractor.size)];
  return spans.map(([found, own], i) => ({
    found,
    startSeconds: own[0].startSeconds,
    speechSeconds: own.reduce((sum, span) => sum + span.endSeconds - span.startSeconds, 0),
    vector: rows[i],
  }));
}

/** A speaker's turns without what others say at the same time; all of them where nothing is left. */
function spansAlone(own: readonly Span[], segments: readonly Segment[], speaker: string): readonly Span[] {
  const alone = spansWithout(own, joinSpans(segments.filter((segment) => segment.speaker !== speaker)));
  return alone.length > 0 ? alone : own;
}

function joinTurns(turns: readonly Int16Array[]): Int16Array {
  const whole = new Int16Array(turns.reduce((sum, turn) => sum + turn.length, 0));
  let at = 0;
  for (const turn of turns) {
    whole.set(turn, at);
    at += turn.length;
  }
  return whole;
}
