import type { Audio } from '../audio.js';
import { fromInt16 } from '../pcm/words.js';
import { LEVELS_2, LEVELS_4, LEVELS_6, LOG_STEPS_HIGH, LOG_STEPS_LOW, MANTISSAS, QMF_TAPS } from './g722-tables.js';

/** The rate that the recommendation codes at. */
const RATE_HZ = 16000;

/** One sub-band's adaptive quantiser and predictor (two poles, six zeros); names in brackets are the recommendation's. */
interface Band {
  logStep: number; // [NB]
  step: number; // [DET]
  /** The predicted next value [S], and the contribution of the predictor's zeros to it [SZ]. */
  prediction: number;
  zeroPart: number;
  /** Newest first: reconstructed values [R], partial reconstructions [P], quantised differences [D]. */
  reconstructed: Int32Array;
  partial: Int32Array;
  differences: Int32Array;
  poles: Int32Array; // [A]
  zeros: Int32Array; // [B]
  highestLogStep: number;
  /** The step size is the mantissa shifted by this less the logarithm's integer part. */
  stepShift: number;
}

function createBand(step: number, highestLogStep: number, stepShift: number): Band {
  return {
    logStep: 0,
    step,
    prediction: 0,
    zeroPart: 0,
    reconstructed: new Int32Array(2),
    partial: new Int32Array(3),
    differences: new Int32Array(7),
    poles: new Int32Array(2),
    zeros: new Int32Array(6),
    highestLogStep,
    stepShift,
  };
}

/** Decodes a file of raw 64 kbit/s G.722, which has no header. */
export const decodeG722File = (bytes: Uint8Array): Audio => ({
  sampleRateHz: RATE_HZ,
  channels: fromInt16(decodeG722(bytes), 1),
});

/**
 * Decodes raw ITU-T G.722 at 64 kbit/s (mode 1): sub-band ADPCM, one byte for two samples.
 *
 * @returns 16-bit samples at 16 kHz, `2 * data.length` of them; the codec's own delay of 22 samples stays in
 */
export function decodeG722(data: Uint8Array): Int16Array {
  const low = createBand(32, 18432, 8);
  const high = createBand(8, 22528, 10);
  const output = new Int16Array(2 * data.length);
  const sums = new Int32Array(2 * data.length + 22); // of the two bands, and their differences; 22 of silence in front
  for (let i = 0; i < data.length; i++) {
    const lowCode = data[i] & 0x3f;
    const highCode = data[i] >> 6;
    // The output takes the full 6-bit level, the predictor only what every mode transmits.
    const lowSample = clamp(low.prediction + scaled(low.step, LEVELS_6[lowCode]), -16384, 16383);
    adapt(low, scaled(low.step, LEVELS_4[lowCode >> 2]), LOG_STEPS_LOW[lowCode >> 2]);
    const highDifference = scaled(high.step, LEVELS_2[highCode]);
    const highSample = clamp(high.prediction + highDifference, -16384, 16383);
    adapt(high, highDifference, LOG_STEPS_HIGH[highCode]);
    sums[2 * i + 22] = lowSample + highSample;
    sums[2 * i + 23] = lowSample - highSample;
    synthesize(sums, output, 2 * i);
  }
  return output;
}

/** The two-band synthesis filter [QMF]: two output samples from the last twelve sums and differences of the bands. */
function synthesize(sums: Int32Array, output: Int16Array, at: number): void {
  let [even, odd] = [0, 0];
  for (let i = 0; i < 12; i++) {
    odd += sums[at + 2 * i] * QMF_TAPS[i];
    even += sums[at + 2 * i + 1] * QMF_TAPS[11 - i];
  }
  output[at] = saturate(even >> 11);
  output[at + 1] = saturate(odd >> 11);
}

/** Updates step size and predictor after a quantised difference, and predicts the next value [LOGSC to PREDIC]. */
function adapt(band: Band, difference: number, logStepMove: number): void {
  band.logStep = clamp(((band.logStep * 127) >> 7) + logStepMove, 0, band.highestLogStep);
  const shift = band.stepShift - (band.logStep >> 11);
  const mantissa = MANTISSAS[(band.logStep >> 6) & 31];
  band.step = (shift < 0 ? mantissa << -shift : mantissa >> shift) << 2;

  push(band.reconstructed, saturate(band.prediction + difference));
  push(band.partial, saturate(band.zeroPart + difference));
  push(band.differences, difference);
  adaptPoles(band.poles, band.partial);
  adaptZeros(band.zeros, band.differences);

  const { poles, zeros, reconstructed, differences } = band;
  const polePart = saturate(scaled(poles[0], twice(reconstructed[0])) + scaled(poles[1], twice(reconstructed[1])));
  let zeroPart = 0;
  for (let i = 0; i < 6; i++) zeroPart += scaled(zeros[i], twice(differences[i]));
  band.zeroPart = saturate(zeroPart);
  band.prediction = saturate(polePart + band.zeroPart);
}

/** Moves the two poles by the signs of successive partial reconstructions, within the region of stability [UPPOL1, UPPOL2]. */
function adaptPoles(poles: Int32Array, partial: Int32Array): void {
  const sameAsLast = partial[0] < 0 === partial[1] < 0;
  const sameAsBefore = partial[0] < 0 === partial[2] < 0;
  const slope = saturate(4 * poles[0]);
  const pull = Math.min(sameAsLast ? -slope : slope, 32767);
  const second = clamp((pull >> 7) + (sameAsBefore ? 128 : -128) + scaled(poles[1], 32512), -12288, 12288);
  const limit = saturate(15360 - second);
  poles[0] = clamp(saturate((sameAsLast ? 192 : -192) + scaled(poles[0], 32640)), -limit, limit);
  poles[1] = second;
}

/** Moves each zero by the signs of the newest and of its own difference [UPZERO]. */
function adaptZeros(zeros: Int32Array, differences: Int32Array): void {
  const gain = differences[0] === 0 ? 0 : 128;
  for (let i = 0; i < 6; i++) {
    const isSame = differences[i + 1] < 0 === differences[0] < 0;
    zeros[i] = saturate((isSame ? gain : -gain) + scaled(zeros[i], 32640));
  }
}

/** A product of 16-bit fractions, truncated. */
function scaled(a: number, b: number): number {
  return (a * b) >> 15;
}

function twice(value: number): number {
  return saturate(2 * value);
}

function push(line: Int32Array, value: number): void {
  // A loop: a call of copyWithin costs more than these few moves.
  for (let i = line.length - 1; i > 0; i--) line[i] = line[i - 1];
  line[0] = value;
}

function saturate(value: number): number {
  return clamp(value, -32768, 32767);
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}
