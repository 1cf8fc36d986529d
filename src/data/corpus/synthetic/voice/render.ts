import type { Rng } from '../../../../random.js';
import { SAMPLE_RATE_HZ } from '../../../../sample-rate.js';
import { createGlottis } from './glottis.js';
import { createAntiResonator, createResonator } from './resonator.js';
import type { Style } from './script.js';
import { FORMANTS, type Speaker } from './speaker.js';
import { TRACKS_PER_SECOND, type Tracks } from './tracks.js';

const SAMPLES_PER_FRAME = SAMPLE_RATE_HZ / TRACKS_PER_SECOND;
const BANDWIDTHS_HZ = [70, 90, 130, 200, 250, 300, 400];
const NASAL_BANDWIDTH_HZ = 100;

/**
 * Sounds the tracks: voice and breath through a cascade of resonances with a nasal pole and zero, hiss through a resonance
 * of its own beside it (Klatt 1980).
 * @returns 16 kHz mono, of no certain level
 */
export function render(tracks: Tracks, speaker: Speaker, style: Style, rng: Rng): Float32Array {
  const glottis = createGlottis(
    {
      openQuotient: Math.min(Math.max(speaker.openQuotient - 0.05 * style.effort, 0.3), 0.95),
      tiltHz: speaker.tiltHz * Math.exp(0.3 * style.effort),
      jitter: speaker.jitter,
      shimmer: speaker.shimmer,
    },
    rng.fork('glottis'),
  );
  const tract = createTract(speaker);
  const mouth = createResonator();
  const noise = rng.fork('noise');
  const samples = new Float32Array(tracks.frames * SAMPLES_PER_FRAME);
  for (let frame = 0; frame < tracks.frames; frame++) {
    const next = Math.min(frame + 1, tracks.frames - 1);
    tract.tune(tracks, frame);
    mouth.tune(tracks.hissHz[frame], tracks.hissBandHz[frame]);
    for (let i = 0; i < SAMPLES_PER_FRAME; i++) {
      const share = i / SAMPLES_PER_FRAME;
      const between = (track: Float64Array) => track[frame] + share * (track[next] - track[frame]);
      const pulse = glottis.next(between(tracks.f0Hz));
      const white = noise.next() + noise.next() - 1;
      const voice = between(tracks.voice);
      // Breath comes through when the glottis is open.
      const breath = voice * speaker.breath * (0.3 + glottis.flow()) + 0.3 * between(tracks.breath);
      const throat = tract.filter(voice * pulse + breath * white);
      samples[frame * SAMPLES_PER_FRAME + i] = throat + mouth.filter(between(tracks.hiss) * white);
    }
  }
  return samples;
}

function createTract({ bandwidthScale, nasalHz, nasalZeroHz }: Speaker) {
  const formants = Array.from({ length: FORMANTS }, createResonator);
  const nasalPole = createResonator();
  const nasalZero = createAntiResonator();
  return {
    tune({ formantsHz, nasal }: Tracks, frame: number) {
      formants.forEach((formant, i) => {
        // Sound is lost through an open nose: resonances widen.
        formant.tune(formantsHz[i][frame], BANDWIDTHS_HZ[i] * bandwidthScale * (1 + nasal[frame]));
      });
      // Where the two meet, with the nose closed, they cancel.
      nasalPole.tune(nasalHz, NASAL_BANDWIDTH_HZ);
      nasalZero.tune(nasalHz + nasal[frame] * (nasalZeroHz - nasalHz), NASAL_BANDWIDTH_HZ);
    },
    filter(sample: number): number {
      let value = nasalZero.filter(nasalPole.filter(sample));
      for (const formant of formants) value = formant.filter(value);
      return value;
    },
  };
}
