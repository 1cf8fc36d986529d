import type { Rng } from '../../../../random.js';
import { BURSTS, CONSONANTS, VOWELS } from './phones.js';

/** Resonances of the vocal tract up to the Nyquist frequency. */
export const FORMANTS = 7;

/** A voice's own targets for one sound. */
export interface Habit {
  /** Factors of the first three resonances. */
  formants: readonly number[];
  /** Factor of the hiss's frequency. */
  hiss: number;
}

/** The traits of a voice that stay the same in all its utterances. */
export interface Speaker {
  /** Pitch in the middle of the voice's range; every utterance shifts it. */
  f0Hz: number;
  /** Standard deviation of the intonation, natural logarithm. */
  intonation: number;
  /** Variation of periods and of their amplitudes from one to the next, as fractions. */
  jitter: number;
  shimmer: number;
  /** Share of a period in which the glottis is open. */
  openQuotient: number;
  /** Frequency above which the source's spectrum falls more steeply. */
  tiltHz: number;
  /** Breath noise beside the voice, as amplitude. */
  breath: number;
  /** Factor of each resonance: the length of the tract, times its individual shape. // [FORMANTS] */
  tract: readonly number[];
  bandwidthScale: number;
  /** This voice's targets for each sound, by the sound's name. */
  habits: Readonly<Record<string, Habit>>;
  nasalHz: number;
  nasalZeroHz: number;
  /** Factor of phone durations. */
  pace: number;
  /** Time constant of the articulators. */
  inertiaMs: number;
}

/**
 * Draws a voice. Pitch and tract length go together loosely, as in people; the rest is drawn on its own. Single
 * sounds differ more from voice to voice than people's do, so that few voices teach a network what to listen for, while no
 * average over an utterance gives a voice away.
 */
export function drawSpeaker(rng: Rng): Speaker {
  const size = clipped(rng, 1.8);
  const scale = Math.exp(0.1 * size);
  const spread = (deviation: number) => Math.exp(deviation * clipped(rng, 2));
  return {
    f0Hz: 150 * Math.exp(0.24 * (0.5 * size + 0.87 * clipped(rng, 2))),
    intonation: rng.uniform(0.06, 0.16),
    jitter: rng.uniform(0.003, 0.025),
    shimmer: rng.uniform(0.02, 0.15),
    openQuotient: rng.uniform(0.4, 0.85),
    tiltHz: logUniform(rng, 900, 5000),
    breath: logUniform(rng, 0.005, 0.12),
    tract: Array.from({ length: FORMANTS }, () => scale * spread(0.07)),
    bandwidthScale: logUniform(rng, 0.6, 1.7),
    habits: drawHabits(spread),
    nasalHz: rng.uniform(230, 330),
    nasalZeroHz: rng.uniform(400, 1100),
    pace: spread(0.12),
    inertiaMs: rng.uniform(10, 28),
  };
}

function drawHabits(spread: (deviation: number) => number): Record<string, Habit> {
  const mouth = spread(0.15);
  const sounds = [...VOWELS, ...CONSONANTS, ...Object.values(BURSTS)];
  const habit = (): Habit => ({ formants: [spread(0.13), spread(0.13), spread(0.08)], hiss: mouth * spread(0.1) });
  return Object.fromEntries(sounds.map(({ name }) => [name, habit()]));
}

/** Standard normal, cut off at +-`limit`. */
function clipped(rng: Rng, limit: number): number {
  return Math.min(Math.max(rng.normal(), -limit), limit);
}

/** Even on a log scale. */
export function logUniform(rng: Rng, low: number, high: number): number {
  return low * (high / low) ** rng.next();
}
