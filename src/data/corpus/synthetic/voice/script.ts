import type { Rng } from '../../../../random.js';
import { BURSTS, CONSONANTS, PAUSE, type Phone, VOWELS } from './phones.js';
import type { Habit, Speaker } from './speaker.js';

/** The properties of one utterance that do not depend on its speaker. */
export interface Style {
  /** Shift of the pitch, natural logarithm. */
  f0Shift: number;
  /** Factor of phone durations. */
  pace: number;
  /** Vocal effort in standard deviations: more lifts the upper spectrum. */
  effort: number;
  /** Chance of a pause after a syllable. */
  pauses: number;
}

/** One sound of an utterance, with the targets that its speaker gives it. */
export interface Segment {
  phone: Phone;
  ms: number;
  /** In a tract of ordinary length. */
  formantsHz: readonly number[];
  hissHz: number;
  gain: number;
}

const NO_HABIT: Habit = { formants: [1, 1, 1], hiss: 1 };

export function drawStyle(rng: Rng): Style {
  return {
    f0Shift: 0.16 * rng.normal(),
    pace: Math.exp(0.15 * rng.normal()),
    effort: rng.normal(),
    pauses: rng.uniform(0.02, 0.35),
  };
}

/**
 * Draws what is said: syllables of consonants and vowels, some of which an utterance prefers and others avoids, until
 * `seconds` are filled.
 */
export function drawScript(speaker: Speaker, style: Style, seconds: number, rng: Rng): Segment[] {
  const pickVowel = picker(VOWELS, rng);
  const pickConsonant = picker(CONSONANTS, rng);
  const segments: Segment[] = [];
  let leftMs = 1000 * seconds;
  const say = (phone: Phone, stress: number) => {
    const ms = phone.ms * speaker.pace * style.pace * stress * Math.exp(0.2 * rng.normal());
    const { formants, hiss } = speaker.habits[phone.name] ?? NO_HABIT;
    const formantsHz = phone.formantsHz.map((hz, i) => hz * formants[i] * Math.exp(0.03 * rng.normal()));
    segments.push({ phone, ms, formantsHz, hissHz: phone.hissHz * hiss, gain: Math.exp(0.25 * rng.normal()) });
    leftMs -= ms;
  };
  const consonant = () => {
    const phone = pickConsonant();
    say(phone, 1);
    if (BURSTS[phone.name]) say(BURSTS[phone.name], 1);
  };
  while (leftMs > 0) {
    if (rng.next() < 0.85) consonant();
    say(pickVowel(), rng.uniform(0.6, 1.5));
    if (rng.next() < 0.4) consonant();
    if (rng.next() < style.pauses) say(PAUSE, rng.uniform(0.5, 1.8));
  }
  return segments;
}

/** Draws from `items` with weights that are drawn once. */
function picker(items: readonly Phone[], rng: Rng): () => Phone {
  let total = 0;
  const ends = items.map(() => {
    total += Math.exp(1.3 * rng.normal());
    return total;
  });
  return () => {
    const at = rng.next() * total;
    return items[ends.findIndex((end) => at < end)];
  };
}
