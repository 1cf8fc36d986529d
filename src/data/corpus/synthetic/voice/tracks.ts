import type { Rng } from '../../../../random.js';
import type { Segment, Style } from './script.js';
import { FORMANTS, type Speaker } from './speaker.js';

/** Control values, one each 5 ms. */
export const TRACKS_PER_SECOND = 200;

/** Paths of the articulators through an utterance. Each is [frames]. */
export interface Tracks {
  frames: number;
  f0Hz: Float64Array;
  voice: Float64Array;
  breath: Float64Array;
  hiss: Float64Array;
  hissHz: Float64Array;
  hissBandHz: Float64Array;
  nasal: Float64Array;
  formantsHz: Float64Array[];
}

/** Resonances above the third in a tract of ordinary length; they move little. */
const UPPER_HZ = [3450, 4450, 5450, 6500];
const AMPLITUDE_MS = 6;
const HIGHEST_HZ = 7700;

/**
 * Turns segments into movements: every value heads for its segment's target with the inertia of its articulator, forwards
 * and backwards in time, so that a sound is coloured by both its neighbours.
 */
export function moveThrough(
  segments: readonly Segment[],
  speaker: Speaker,
  style: Style,
  seconds: number,
  rng: Rng,
): Tracks {
  const frames = Math.round(seconds * TRACKS_PER_SECOND);
  const at = segmentOfFrame(segments, frames);
  const track = (value: (segment: Segment) => number, inertiaMs: number) =>
    smooth(
      Float64Array.from(at, (segment) => value(segments[segment])),
      inertiaMs,
    );
  const amplitude = (value: (segment: Segment) => number) => track((s) => s.gain * value(s), AMPLITUDE_MS);
  const formant = (i: number) =>
    track((s) => Math.min(targetHz(s, i) * speaker.tract[i], HIGHEST_HZ - 200 * (FORMANTS - 1 - i)), speaker.inertiaMs);
  return {
    frames,
    f0Hz: intonation(speaker, style, frames, rng),
    voice: amplitude(({ phone }) => phone.voice),
    breath: amplitude(({ phone }) => phone.breath),
    hiss: amplitude(({ phone }) => phone.hiss),
    hissHz: track(({ hissHz }) => Math.min(hissHz, HIGHEST_HZ), AMPLITUDE_MS),
    hissBandHz: track(({ phone }) => phone.hissBandHz, AMPLITUDE_MS),
    nasal: track(({ phone }) => phone.nasal, 2 * AMPLITUDE_MS),
    formantsHz: Array.from({ length: FORMANTS }, (_, i) => formant(i)),
  };
}

function targetHz({ formantsHz }: Segment, i: number): number {
  if (i < 3) return formantsHz[i];
  // A tongue at the front raises the upper resonances a little too.
  return UPPER_HZ[i - 3] * (formantsHz[1] / 1500) ** 0.06;
}

function segmentOfFrame(segments: readonly Segment[], frames: number): Int32Array {
  const at = new Int32Array(frames);
  let index = 0;
  let endMs = segments[0].ms;
  for (let frame = 0; frame < frames; frame++) {
    const ms = (1000 * frame) / TRACKS_PER_SECOND;
    while (ms >= endMs && index < segments.length - 1) endMs += segments[++index].ms;
    at[frame] = index;
  }
  return at;
}

/** First-order smoothing in both directions of time. */
function smooth(values: Float64Array, inertiaMs: number): Float64Array {
  const keep = Math.exp(-1000 / TRACKS_PER_SECOND / inertiaMs);
  for (let i = 1; i < values.length; i++) values[i] += keep * (values[i - 1] - values[i]);
  for (let i = values.length - 2; i >= 0; i--) values[i] += keep * (values[i + 1] - values[i]);
  return values;
}

/** A slowly wandering pitch that falls a little in the course of the utterance. */
function intonation(speaker: Speaker, style: Style, frames: number, rng: Rng): Float64Array {
  const middle = Math.log(speaker.f0Hz) + style.f0Shift;
  const keep = Math.exp(-1000 / TRACKS_PER_SECOND / 150);
  const kick = Math.sqrt(1 - keep * keep);
  let wander = rng.normal();
  const path = Float64Array.from({ length: frames }, (_, i) => {
    wander = keep * wander + kick * rng.normal();
    return middle + speaker.intonation * wander + 0.08 * (1 - (2 * i) / frames);
  });
  return smooth(path, 25).map(Math.exp);
}
