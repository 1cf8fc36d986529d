import { VAD_FRAME_SECONDS, type VadOptions, voiceActivity } from '../audio/speech/vad.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { joinSpans, runsOf, type Span } from './segments.js';

/** How frames of speech become stretches of it. */
export interface SpeechOptions extends VadOptions {
  /** Pauses up to this length belong to the speech around them. */
  joinSeconds: number;
  /** Speech begins and ends by so much outside the frames that were found. */
  padSeconds: number;
}

/** Stretches of speech in a recording, in order and apart. @param samples 16 kHz mono in [-1, 1] */
export function speechSpans(samples: Float32Array, { joinSeconds, padSeconds, ...vad }: SpeechOptions): Span[] {
  const { active } = voiceActivity(samples, vad);
  const runs = runsOf(
    Int32Array.from(active, (on) => on - 1),
    VAD_FRAME_SECONDS,
  );
  const end = samples.length / SAMPLE_RATE_HZ;
  const padded = joinSpans(runs, joinSeconds).map(({ startSeconds, endSeconds }) => ({
    startSeconds: Math.max(0, startSeconds - padSeconds),
    endSeconds: Math.min(end, endSeconds + padSeconds),
  }));
  return joinSpans(padded);
}
