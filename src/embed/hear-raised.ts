import type { UtteranceBatch } from '../data/utterance-batches.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import type { HeardBatch } from './hearing.js';

/** Recordings below this level are raised to it, RMS on int16 scale: -30 dB of full scale. */
export const TARGET_LEVEL = 32768 * 10 ** (-30 / 20);
/** Ten milliseconds. */
const FRAME = SAMPLE_RATE_HZ / 100;
/** Frames of a window, from one window to the next (1.3 a second), and of the last one that must be there: three quarters. */
const WINDOW = 160;
const HOP = 77;
const LEAST = 120;

/**
 * Recordings as Resemblyzer prepares them for its network: quiet ones raised, loud ones as they are, and silence behind the end, so that
 * windows of 1.6 s reach over all of it, the last one if at least three quarters of it are there.
 */
export function hearRaised({ pcm, lengths, rows, samples }: UtteranceBatch): HeardBatch {
  const width = inWholeWindows(samples);
  const wave = new Float32Array(rows * width);
  const heard = lengths.map((length, row) => {
    const audio = pcm.subarray(row * samples, row * samples + length);
    const gain = gainOf(audio);
    for (let i = 0, at = row * width; i < length; i++, at++) wave[at] = gain * audio[i];
    return inWholeWindows(length);
  });
  return { samples: width, wave, noise: new Float32Array(width), lengths: heard };
}

function gainOf(audio: Int16Array): number {
  let squares = 0;
  for (const sample of audio) squares += sample ** 2;
  return squares === 0 ? 1 : Math.max(1, TARGET_LEVEL / Math.sqrt(squares / audio.length));
}

/** Samples with the silence behind them: as many as the windows reach over, and never fewer than there were. */
function inWholeWindows(samples: number): number {
  const frames = Math.floor(samples / FRAME) + 1;
  const last = HOP * Math.max(0, Math.floor((frames - WINDOW + HOP) / HOP));
  const isMostlyThere = frames > last + LEAST;
  const start = last > 0 && !isMostlyThere ? last - HOP : last;
  return Math.max(samples, FRAME * (start + WINDOW));
}
