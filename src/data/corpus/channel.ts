import type { Rng } from '../../random.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';

const TAPS = 255;
const FREQUENCIES = 256;
const RESPONSE_KNOTS = 9;
const RESPONSE_RANGE_DB = 10;
const STOP_BAND_DB = -60;

/** The effect of one recording path on a signal; gains in dB at a frequency in Hz. */
export interface Channel {
  /** Microphone and room: a smooth curve over log frequency. */
  responseDb(frequencyHz: number): number;
  lowCutHz: number;
  highCutHz: number;
  /** Slope of the noise's spectrum; 0 is white, -3 pink, -6 brown. */
  noiseDbPerOctave: number;
  snrDb: number;
  /** True: the noise is added before the band limit (a noisy room); false: after it (a noisy receiver). */
  noiseBeforeBandLimit: boolean;
}

/**
 * Draws a channel: response within +-10 dB at nine knots from 60 Hz to 8 kHz, a pass band from 50-400 Hz up to
 * 3-8 kHz (telephone-like to full), noise of any colour from white to brown at 10-25 dB below the signal.
 */
export function drawChannel(rng: Rng): Channel {
  const knots = Array.from({ length: RESPONSE_KNOTS }, () => rng.uniform(-RESPONSE_RANGE_DB, RESPONSE_RANGE_DB));
  return {
    responseDb: (frequencyHz) => interpolate(knots, Math.log(frequencyHz / 60) / Math.log(8000 / 60)),
    lowCutHz: logUniform(rng, 50, 400),
    highCutHz: logUniform(rng, 3000, 8000),
    noiseDbPerOctave: rng.uniform(-6, 0),
    snrDb: rng.uniform(10, 25),
    noiseBeforeBandLimit: rng.next() < 0.5,
  };
}

/**
 * Sends a signal through a channel drawn from `rng`: its own filter, band limit and noise.
 * @param samples 16 kHz mono in [-1, 1]
 * @returns as many samples, made quieter as a whole where a peak would pass full scale
 */
export const applyChannel = (samples: Float32Array, rng: Rng): Float32Array =>
  sendThrough(samples, drawChannel(rng.fork('shape')), rng.fork('noise'));

/** Sends a signal in [-1, 1] through a channel, whose noise is drawn from `rng`; made quieter where a peak would pass full scale. */
export function sendThrough(samples: Float32Array, channel: Channel, rng: Rng): Float32Array {
  const voice = filter(
    samples,
    designFilter((hz) => channel.responseDb(hz)),
  );
  const noise = drawNoise(samples.length, channel.noiseDbPerOctave, rng);
  const noiseGain = gainFor(channel.snrDb, voice, noise);
  const addNoise = (to: Float32Array) => to.map((value, i) => value + noiseGain * noise[i]);
  const bandLimit = designFilter((hz) => bandLimitDb(hz, channel.lowCutHz, channel.highCutHz));
  const sent = channel.noiseBeforeBandLimit ? filter(addNoise(voice), bandLimit) : addNoise(filter(voice, bandLimit));
  return limitPeak(sent);
}

/** Adds pink noise, `snrDb` below a signal in [-1, 1] as a whole; made quieter where a peak would pass full scale. */
export function addPinkNoise(samples: Float32Array, snrDb: number, rng: Rng): Float32Array {
  const noise = drawNoise(samples.length, -3, rng);
  const gain = gainFor(snrDb, samples, noise);
  return limitPeak(samples.map((value, i) => value + gain * noise[i]));
}

const gainFor = (snrDb: number, voice: Float32Array, noise: Float32Array): number =>
  Math.sqrt(power(voice) / power(noise) / 10 ** (snrDb / 10));

/** Gain of a Butterworth-like pass band, 24 dB per octave below and 48 above, down to -60 dB. */
function bandLimitDb(hz: number, lowCutHz: number, highCutHz: number): number {
  const low = -10 * Math.log10(1 + (lowCutHz / hz) ** 8);
  // A cut at the very top is none at all: the recording had that limit already.
  const high = highCutHz > 7600 ? 0 : -10 * Math.log10(1 + (hz / highCutHz) ** 16);
  return Math.max(low + high, STOP_BAND_DB);
}

function drawNoise(length: number, dbPerOctave: number, rng: Rng): Float32Array {
  const white = Float32Array.from({ length }, () => rng.normal());
  return filter(
    white,
    designFilter((hz) => dbPerOctave * Math.log2(Math.max(hz, 50) / 1000)),
  );
}

/**
 * A linear-phase filter of 255 taps whose gain follows `gainDb`: the inverse cosine transform of the gain, Hann window.
 */
export function designFilter(gainDb: (frequencyHz: number) => number): Float32Array {
  const gains = Array.from({ length: FREQUENCIES + 1 }, (_, k) => {
    const hz = Math.max((k * SAMPLE_RATE_HZ) / 2 / FREQUENCIES, 10);
    return 10 ** (gainDb(hz) / 20);
  });
  const middle = (TAPS - 1) / 2;
  const taps = new Float32Array(TAPS);
  for (let n = 0; n <= middle; n++) {
    let sum = (gains[0] + gains[FREQUENCIES] * (n % 2 === 0 ? 1 : -1)) / 2;
    for (let k = 1; k < FREQUENCIES; k++) sum += gains[k] * Math.cos((Math.PI * k * n) / FREQUENCIES);
    const window = 0.5 + 0.5 * Math.cos((Math.PI * n) / (middle + 1));
    taps[middle + n] = taps[middle - n] = (window * sum) / FREQUENCIES;
  }
  return taps;
}

/** Convolves with a symmetric filter, without delay; beyond its ends the signal is zero. */
function filter(samples: Float32Array, taps: Float32Array): Float32Array {
  const middle = (taps.length - 1) / 2;
  const padded = new Float64Array(samples.length + 2 * middle);
  padded.set(samples, middle);
  const coefficients = Float64Array.from(taps);
  const filtered = new Float32Array(samples.length);
  for (let i = 0; i < filtered.length; i++) {
    let sum = coefficients[middle] * padded[i + middle];
    for (let k = 0; k < middle; k++) sum += coefficients[k] * (padded[i + k] + padded[i + 2 * middle - k]);
    filtered[i] = sum;
  }
  return filtered;
}

/** A smooth curve through equally spaced knots, `position` from 0 to 1 (held beyond), by half cosines. */
function interpolate(knots: number[], position: number): number {
  const x = Math.min(Math.max(position, 0), 1) * (knots.length - 1);
  const left = Math.min(Math.floor(x), knots.length - 2);
  const weight = 0.5 - 0.5 * Math.cos(Math.PI * (x - left));
  return knots[left] * (1 - weight) + knots[left + 1] * weight;
}

function logUniform(rng: Rng, low: number, high: number): number {
  return low * (high / low) ** rng.next();
}

/** Mean square, never zero. */
function power(samples: Float32Array): number {
  let sum = 0;
  for (const value of samples) sum += value * value;
  return sum / samples.length + 1e-12;
}

/** Scales a signal down so that it fits [-1, 1]; one that fits is left as it is. */
export function limitPeak(samples: Float32Array): Float32Array {
  let peak = 0;
  for (const value of samples) peak = Math.max(peak, Math.abs(value));
  return peak <= 1 ? samples : samples.map((value) => value / peak);
}
