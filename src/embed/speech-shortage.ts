import { VAD_FRAME_SECONDS, vadOptions, voiceActivity } from '../audio/speech/vad.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';

/** A recording with less speech than a decision needs. */
export interface SpeechShortage {
  /** Found by voice activity. */
  speechSeconds: number;
  /** The least that was asked for. */
  leastSeconds: number;
}

const VAD = vadOptions.parse({});
/** Enough is usually found in a beginning of this many times the least, and at least so many seconds. */
const [BEGINNING, BEGINNING_SECONDS] = [4, 20];

/**
 * How much speech a recording lacks; null where there is enough of it. Long recordings are heard to their end only where their beginning does
 * not hold enough. @param pcm 16 kHz
 */
export function speechShortage(pcm: Int16Array, leastSeconds: number): SpeechShortage | null {
  if (leastSeconds <= 0) return null;
  const beginning = Math.ceil(Math.max(BEGINNING * leastSeconds, BEGINNING_SECONDS)) * SAMPLE_RATE_HZ;
  if (pcm.length > beginning && speechSeconds(pcm.subarray(0, beginning)) >= leastSeconds) return null;
  const found = speechSeconds(pcm);
  return found >= leastSeconds ? null : { speechSeconds: found, leastSeconds };
}

/** `too little speech (1.2 s of 3 s)`. */
export const tooLittleSpeech = ({ speechSeconds: found, leastSeconds }: SpeechShortage): string =>
  `too little speech (${found.toFixed(1)} s of ${Number(leastSeconds.toFixed(2))} s)`;

function speechSeconds(pcm: Int16Array): number {
  const { active } = voiceActivity(
    Float32Array.from(pcm, (value) => value / 32768),
    VAD,
  );
  return VAD_FRAME_SECONDS * active.reduce((sum, on) => sum + on, 0);
}
