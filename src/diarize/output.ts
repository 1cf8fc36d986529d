import { rttmText } from './rttm.js';
import type { Segment } from './segments.js';

/** File formats of a diarization. */
export const FORMATS = ['rttm', 'json', 'audacity'] as const;
export type Format = (typeof FORMATS)[number];

/** A diarized recording. */
export interface Diarized {
  recording: string;
  segments: Segment[];
}

/**
 * Diarizations as text: RTTM lines; JSON, an array of {recording, speakers, segments: [{start, end, speaker}]} in seconds; or a label track
 * of Audacity, one recording only.
 */
export function formatted(all: readonly Diarized[], format: Format): string {
  if (format === 'rttm') return all.map(({ recording, segments }) => rttmText(recording, segments)).join('');
  if (format === 'audacity') return all.map(({ segments }) => labelTrack(segments)).join('');
  const round = (seconds: number) => Number(seconds.toFixed(3));
  const items = all.map(({ recording, segments }) => ({
    recording,
    speakers: new Set(segments.map(({ speaker }) => speaker)).size,
    segments: segments.map(({ startSeconds, endSeconds, speaker }) => ({
      start: round(startSeconds),
      end: round(endSeconds),
      speaker,
    })),
  }));
  return `${JSON.stringify(items)}\n`;
}

function labelTrack(segments: readonly Segment[]): string {
  return segments
    .map(
      ({ startSeconds, endSeconds, speaker }) => `${startSeconds.toFixed(3)}\t${endSeconds.toFixed(3)}\t${speaker}\n`,
    )
    .join('');
}
