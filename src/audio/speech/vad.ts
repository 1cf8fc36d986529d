import { z } from 'zod';
import { fbankOptions } from '../features/fbank-options.js';
import { hostFbank } from '../features/host-fbank.js';
import { heightsDb, quantile } from './noise-floor.js';
import { periodicity } from './periodicity.js';

export const vadOptions = z.strictObject({
  floorSeconds: z
    .number()
    .positive()
    .default(60)
    .describe('window of the noise floor, which is the quietest tenth of it'),
  leastDb: z
    .number()
    .positive()
    .default(0.8)
    .describe('smallest level above steady noise in dB, a mean over bands, that may be speech'),
  share: z.number().min(0).max(1).default(0.1).describe('threshold, as a share of the level of loud frames'),
  switchCost: z.number().min(0).default(12).describe('cost of a change from silence to speech or back, in log odds'),
  leastVoiced: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe('smallest share of clearly periodic frames in a stretch of speech'),
});

export type VadOptions = z.output<typeof vadOptions>;

/** Frames of 10 ms. */
export const VAD_FRAME_SECONDS = 0.01;
export const VAD_BANDS = 24;
/** The energies that levels are made of. */
export const VAD_FEATURES = fbankOptions.parse({ bins: VAD_BANDS, lowHz: 100, window: 'povey' });
const MOST_ODDS = 4;
/** Frames that are more periodic than this are vowels. */
export const CLEARLY_PERIODIC = 0.7;
/** Loud frames: the level below which so large a share of the frames lies. */
export const LOUD_SHARE = 0.9;

export interface VoiceActivity {
  /** [frames] 1 where there is speech. */
  active: Uint8Array;
  /** [frames] level above steady noise in dB, a mean over bands. */
  heightDb: Float32Array;
}

/**
 * Voice activity of a recording without a trained model. The height of mel bands above a noise floor that follows their quietest
 * tenth, and periodicity where something stands out, make log odds; the best path through silence and speech with a cost for changing
 * (Viterbi) smooths them; stretches that are hardly ever periodic are taken out. Deterministic.
 * @param samples 16 kHz mono in [-1, 1], finite
 */
export function voiceActivity(samples: Float32Array, options: VadOptions): VoiceActivity {
  const energies = hostFbank(samples, VAD_FEATURES);
  const heightDb = heightsDb(energies, VAD_BANDS, Math.round(options.floorSeconds / VAD_FRAME_SECONDS));
  const periodic = periodicity(samples, heightDb.length);
  const threshold = Math.max(options.leastDb, options.share * quantile(heightDb, LOUD_SHARE));
  const odds = heightDb.map((height, i) => speechOdds(height, periodic[i], threshold));
  const active = twoStates(odds, options.switchCost);
  dropUnvoiced(active, periodic, options.leastVoiced);
  return { active, heightDb };
}

/** Log odds of speech in a frame, from its level above the noise, its periodicity and the level that may be speech. */
export function speechOdds(heightDb: number, periodic: number, threshold: number): number {
  // A steady hum is periodic and does not stand out from itself.
  const voice = Math.max(0, Math.min(1, heightDb)) * MOST_ODDS * (periodic - 0.5);
  return Math.max(-MOST_ODDS, Math.min(MOST_ODDS, (2 * (heightDb - threshold)) / threshold + voice));
}

/** The likeliest path through silence and speech. // [frames] */
function twoStates(odds: Float32Array, cost: number): Uint8Array {
  const from = new Uint8Array(odds.length * 2);
  let [silence, speech] = [0, 0];
  for (let i = 0; i < odds.length; i++) {
    from[2 * i] = speech - cost > silence ? 1 : 0;
    from[2 * i + 1] = silence - cost > speech ? 0 : 1;
    [silence, speech] = [Math.max(silence, speech - cost), Math.max(speech, silence - cost) + odds[i]];
  }
  const active = new Uint8Array(odds.length);
  let state = speech > silence ? 1 : 0;
  for (let i = odds.length - 1; i >= 0; i--) {
    active[i] = state;
    state = from[2 * i + state];
  }
  return active;
}

function dropUnvoiced(active: Uint8Array, periodic: Float32Array, least: number): void {
  for (let start = 0; start < active.length; start++) {
    if (active[start] === 0) continue;
    let [end, voiced] = [start, 0];
    for (; active[end] === 1; end++) if (periodic[end] > CLEARLY_PERIODIC) voiced++;
    if (voiced < least * (end - start)) active.fill(0, start, end);
    start = end;
  }
}
