import { tooLittleSpeech } from '../embed/speech-shortage.js';
import type { RecordedVoice } from './names/diarize-voices.js';
import { rttmText } from './rttm.js';
import type { Segment } from './segments.js';

/** File formats of a diarization. */
export const FORMATS = ['rttm', 'json', 'audacity'] as const;
export type Format = (typeof FORMATS)[number];

/** A diarized recording. */
export interface Diarized {
  recording: string;
  segments: Segment[];
  /** Where its speakers were named or their embeddings are wanted. */
  voices?: RecordedVoice[];
}

/**
 * Diarizations as text: RTTM lines; JSON, an array of {recording, speakers, segments: [{start, end, speaker}]} in seconds, with `voices`
 * where they are known; or a label track of Audacity, one recording only.
 * @param embeddings the file of the voices' embeddings, for JSON
 */
export function formatted(all: readonly Diarized[], format: Format, embeddings?: string): string {
  if (format === 'rttm') return all.map(({ recording, segments }) => rttmText(recording, segments)).join('');
  if (format === 'audacity') return all.map(({ segments }) => labelTrack(segments)).join('');
  const items = all.map(({ recording, segments, voices }) => ({
    recording,
    speakers: new Set(segments.map(({ speaker }) => speaker)).size,
    segments: segments.map(({ startSeconds, endSeconds, speaker }) => ({
      start: round(startSeconds),
      end: round(endSeconds),
      speaker,
    })),
    voices: voices?.map((voice) => voiceItem(recording, voice, embeddings)),
  }));
  return `${JSON.stringify(items)}\n`;
}

const round = (seconds: number) => Number(seconds.toFixed(3));

function voiceItem(recording: string, voice: RecordedVoice, embeddings: string | undefined) {
  const { label, enrolled, score, llr, nearest, shortage, speechSeconds } = voice;
  return {
    speaker: label,
    enrolled,
    score,
    llr,
    nearest,
    seconds: round(speechSeconds),
    undecided: shortage ? tooLittleSpeech(shortage) : undefined,
    embedding: embeddings === undefined ? undefined : { file: embeddings, name: embeddingName(recording, voice) },
  };
}

/** What the embedding of a recording's voice is called; without white space, which archives cannot hold. */
export const embeddingName = (recording: string, { label }: Pick<RecordedVoice, 'label'>): string =>
  `${recording}/${label}`.replace(/\s+/g, '_');

/** A line about the speakers of a recording: `meeting: anna 0.83, 31.2 s; speaker1, nearest anna 0.41, 12.0 s`. */
export function voicesLine({ recording, voices = [] }: Diarized): string {
  const parts = voices.map(({ label, score, nearest, shortage, speechSeconds }) => {
    const similar = nearest ? `, nearest ${nearest.speaker} ${nearest.score.toFixed(2)}` : '';
    const found = shortage
      ? `, ${tooLittleSpeech(shortage)}${similar}`
      : score === null
        ? similar
        : ` ${score.toFixed(2)}`;
    return `${label}${found}${shortage ? '' : `, ${speechSeconds.toFixed(1)} s`}`;
  });
  return `${recording}: ${parts.join('; ')}`;
}

function labelTrack(segments: readonly Segment[]): string {
  return segments
    .map(
      ({ startSeconds, endSeconds, speaker }) => `${startSeconds.toFixed(3)}\t${endSeconds.toFixed(3)}\t${speaker}\n`,
    )
    .join('');
}
