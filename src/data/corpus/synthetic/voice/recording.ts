import type { Rng } from '../../../../random.js';
import { SAMPLE_RATE_HZ } from '../../../../sample-rate.js';
import { logUniform } from './speaker.js';

const BELLS = 5;

/**
 * Records a voice: microphone and room colour it (five bells of up to +-9 dB at random places), noise of a random colour
 * comes in 12 to 32 dB below it, and the level is anything from -32 to -20 dB of full scale. Nothing of it depends on the
 * speaker.
 * @param samples 16 kHz mono, changed in place
 */
export function record(samples: Float32Array, rng: Rng): void {
  colour(samples, rng);
  const noise = drawNoise(samples.length, rng);
  colour(noise, rng);
  const gain = Math.sqrt(power(samples) / power(noise) / 10 ** (rng.uniform(12, 32) / 10));
  for (let i = 0; i < samples.length; i++) samples[i] += gain * noise[i];
  setLevel(samples, rng.uniform(-32, -20));
}

function colour(samples: Float32Array, rng: Rng): void {
  for (let i = 0; i < BELLS; i++) ring(samples, logUniform(rng, 80, 7000), rng.uniform(-9, 9), rng.uniform(0.5, 1.5));
}

/** A peaking equalizer: the bilinear transform of an analogue bell, `gainDb` at `hz`, width set by `q`. */
function ring(samples: Float32Array, hz: number, gainDb: number, q: number): void {
  const tangent = Math.tan((Math.PI * hz) / SAMPLE_RATE_HZ);
  const amplitude = 10 ** (gainDb / 40);
  const [wide, narrow] = [(tangent * amplitude) / q, tangent / amplitude / q];
  const [sum, difference] = [1 + tangent * tangent, 2 * (tangent * tangent - 1)];
  const scale = 1 / (sum + narrow);
  const [b0, b1, b2, a2] = [(sum + wide) * scale, difference * scale, (sum - wide) * scale, (sum - narrow) * scale];
  let [x1, x2, y1, y2] = [0, 0, 0, 0];
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i];
    const y = b0 * x + b1 * (x1 - y1) + b2 * x2 - a2 * y2;
    [x2, x1, y2, y1] = [x1, x, y1, y];
    samples[i] = y;
  }
}

/** Noise between white and brown. */
function drawNoise(length: number, rng: Rng): Float32Array {
  const share = rng.next();
  let brown = 0;
  return Float32Array.from({ length }, () => {
    const white = rng.next() + rng.next() - 1;
    brown = 0.97 * brown + white;
    return share * brown + (1 - share) * white;
  });
}

function setLevel(samples: Float32Array, decibels: number): void {
  let peak = 0;
  for (const value of samples) peak = Math.max(peak, Math.abs(value));
  const gain = Math.min(10 ** (decibels / 20) / Math.sqrt(power(samples)), 0.99 / peak);
  for (let i = 0; i < samples.length; i++) samples[i] *= gain;
}

/** Mean square, never zero. */
function power(samples: Float32Array): number {
  let sum = 0;
  for (const value of samples) sum += value * value;
  return sum / samples.length + 1e-12;
}
