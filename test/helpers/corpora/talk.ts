import { fbankOptions } from '../../../src/audio/features/fbank-options.js';
import { hostFbank } from '../../../src/audio/features/host-fbank.js';
import type { Extractor } from '../../../src/embed/extractor.js';
import { createRng } from '../../../src/random.js';
import type { SpeakerModel } from '../../../src/speakers/speaker-model.js';

const RATE_HZ = 16000;

/** Something that is to voice activity what speech is: syllables four times a second, harmonics of a voice's pitch under its spectral tilt. */
export function talk(voice: number, seconds: number, seed = 1): Float32Array {
  const rng = createRng('talk').fork(seed);
  const pitchHz = 100 + 37 * voice;
  const [rate, phase] = [rng.uniform(3.5, 4.5), rng.uniform(0, 6)];
  return Float32Array.from({ length: Math.round(seconds * RATE_HZ) }, (_, i) => {
    const at = i / RATE_HZ;
    const syllable = Math.max(0.05, Math.sin(2 * Math.PI * rate * at + phase)) ** 2;
    let value = 0;
    for (let k = 1; k <= 25; k++) {
      const formant = Math.exp(-(((k * pitchHz - 500 - 700 * voice) / 600) ** 2));
      value += (0.05 + formant) * Math.sin(2 * Math.PI * k * pitchHz * at + k);
    }
    return 0.08 * syllable * value;
  });
}

/** Steady noise. */
export function hiss(seconds: number, level = 0.001, seed = 1): Float32Array {
  const rng = createRng('hiss').fork(seed);
  return Float32Array.from({ length: Math.round(seconds * RATE_HZ) }, () => level * rng.normal());
}

/** Recordings one after the other, in steady noise. */
export function sequence(...parts: Float32Array[]): Float32Array {
  const whole = hiss(parts.reduce((sum, part) => sum + part.length, 0) / RATE_HZ);
  let at = 0;
  for (const part of parts) {
    part.forEach((value, i) => {
      whole[at + i] += value;
    });
    at += part.length;
  }
  return whole;
}

const FEATURES = fbankOptions.parse({ bins: 24, frameShiftMs: 50 });

/** A model in name only: the mean spectrum of a piece, which tells voices of `talk` apart. */
export const spectrumExtractor: Extractor = {
  size: FEATURES.bins,
  async run({ indices, pcm, samples, lengths }) {
    const vectors = new Float32Array(indices.length * FEATURES.bins);
    indices.forEach((_, row) => {
      const piece = Float32Array.from(
        pcm.subarray(row * samples, row * samples + lengths[row]),
        (value) => value / 32768,
      );
      const energies = hostFbank(piece, FEATURES);
      const frames = energies.length / FEATURES.bins;
      for (let i = 0; i < energies.length; i++)
        vectors[row * FEATURES.bins + (i % FEATURES.bins)] += energies[i] / frames - 0.3;
    });
    return vectors;
  },
};

/** A model in name only that hears recordings of any length alike: the shape of their mean spectrum. */
export const shapeExtractor: Extractor = {
  size: FEATURES.bins,
  async run(batch) {
    const { indices, pcm, samples, lengths } = batch;
    const vectors = new Float32Array(indices.length * FEATURES.bins);
    indices.forEach((_, row) => {
      const piece = pcm.subarray(row * samples, row * samples + lengths[row]);
      const energies = hostFbank(
        Float32Array.from(piece, (value) => value / 32768),
        FEATURES,
      );
      const sums = new Float64Array(FEATURES.bins);
      for (let i = 0; i < energies.length; i++) sums[i % FEATURES.bins] += Math.exp(energies[i]);
      const levels = sums.map((sum) => Math.log(sum));
      const mean = levels.reduce((sum, level) => sum + level, 0) / FEATURES.bins;
      for (let bin = 0; bin < FEATURES.bins; bin++) vectors[row * FEATURES.bins + bin] = levels[bin] - mean;
    });
    return vectors;
  },
};

/** The same as a model that knows speakers, without mean and calibration. */
export const shapeModel: SpeakerModel = {
  identity: { name: 'shapes', digest: 'a'.repeat(64) },
  space: () => shapeModel.identity,
  extractor: shapeExtractor,
  mean: null,
  calibration: null,
  calibrationWith: () => null,
};
