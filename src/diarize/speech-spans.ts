import { VAD_FRAME_SECONDS, type VadOptions, voiceActivity } from '../audio/speech/vad.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { joinSpans, runsOf, type Span } from './segments.js';

/** Options for joining frames of speech to stretches. */
export interface SpeechOptions extends VadOptions {
  /** Pauses up to this length count as speech. */
  joinSeconds: number;
  /** Added to both ends of a stretch. */
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
