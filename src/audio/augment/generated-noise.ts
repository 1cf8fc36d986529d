import type { Rng } from '../../random.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';

const LEVEL = 0.06;
const kinds = ['coloured', 'band', 'hum'] as const;

/**
 * Noise for use without recordings: white to brown (0 to -6 dB an octave), a band, or mains hum with its harmonics, most of it
 * swelling and ebbing.
 * @returns [samples] in [-1, 1], 16 kHz
 */
export function generateNoise(rng: Rng, samples: number): Float32Array {
  const kind = kinds[Math.min(rng.int(4), 2)];
  const makers = {
    coloured: () => coloured(rng, samples),
    band: () => band(rng, samples),
    hum: () => hum(rng, samples),
  };
  const plain = makers[rng.next() < 0.5 ? 'coloured' : kind]();
  const swelling = rng.next() < 0.7 ? swell(rng, samples) : undefined;
  const shaped = plain.map((value, i) => value * (swelling?.[i] ?? 1));
  const power = shaped.reduce((sum, value) => sum + value * value, 0) / samples;
  const scale = LEVEL / Math.sqrt(power + 1e-30);
  return shaped.map((value) => Math.max(-1, Math.min(1, value * scale)));
}

const white = (rng: Rng, samples: number) => Float32Array.from({ length: samples }, () => rng.normal());

/** Poles and zeros in turn, evenly on a log scale: the closer each zero to the next pole, the steeper. */
function coloured(rng: Rng, samples: number): Float32Array {
  const steepness = rng.uniform(0, 1);
  const ratio = 3;
  let signal = white(rng, samples);
  for (let poleHz = 20; poleHz < SAMPLE_RATE_HZ / 2; poleHz *= ratio) {
    const [pole, zero] = [poleHz, poleHz * ratio ** steepness].map((hz) =>
      Math.exp((-2 * Math.PI * hz) / SAMPLE_RATE_HZ),
    );
    let [before, out] = [0, 0];
    signal = signal.map((value) => {
      out = value - zero * before + pole * out;
      before = value;
      return out;
    });
  }
  return signal;
}

/** White noise through a resonance. */
function band(rng: Rng, samples: number): Float32Array {
  const middleHz = Math.exp(rng.uniform(Math.log(100), Math.log(5000)));
  const widthHz = middleHz * rng.uniform(0.1, 1);
  const radius = Math.exp((-Math.PI * widthHz) / SAMPLE_RATE_HZ);
  const turn = 2 * radius * Math.cos((2 * Math.PI * middleHz) / SAMPLE_RATE_HZ);
  let [y1, y2] = [0, 0];
  return white(rng, samples).map((value) => {
    const out = value + turn * y1 - radius * radius * y2;
    [y2, y1] = [y1, out];
    return out;
  });
}

/** A mains tone with harmonics, and a little white noise under it. */
function hum(rng: Rng, samples: number): Float32Array {
  const baseHz = rng.next() < 0.5 ? 50 : 60;
  const harmonics = Array.from({ length: 20 }, (_, i) => ({
    angle: (2 * Math.PI * baseHz * (i + 1)) / SAMPLE_RATE_HZ,
    phase: rng.uniform(0, 2 * Math.PI),
    level: rng.next() / (1 + i / 4),
  }));
  return white(rng, samples).map(
    (value, t) =>
      0.1 * value + harmonics.reduce((sum, { angle, phase, level }) => sum + level * Math.sin(angle * t + phase), 0),
  );
}

/** Amplitudes around 1, from several slow waves. */
function swell(rng: Rng, samples: number): Float32Array {
  const waves = Array.from({ length: 3 }, () => ({
    angle: (2 * Math.PI * Math.exp(rng.uniform(Math.log(0.3), Math.log(8)))) / SAMPLE_RATE_HZ,
    phase: rng.uniform(0, 2 * Math.PI),
    depth: rng.uniform(0.1, 1),
  }));
  return Float32Array.from({ length: samples }, (_, t) =>
    Math.exp(waves.reduce((sum, { angle, phase, depth }) => sum + depth * Math.sin(angle * t + phase), 0)),
  );
}
