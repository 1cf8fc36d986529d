import { fastFftLength, irfft, rfft, type Tensor, tf } from '../../index.js';

/** The share of the lower Nyquist frequency that passes unchanged; from there a half cosine falls to the Nyquist frequency. */
const PASS_SHARE = 0.92;
/** Silence between a row's end and its beginning, which are neighbours to a transform. */
const GAP_SAMPLES = 256;

interface Rates {
  sampleRateHz: number;
  rateHz: number;
}

/** Brings rows [rows, samples] to a lower rate by cutting their spectra, applies `act` there and brings them back. */
export function atRate(wave: Tensor, { sampleRateHz, rateHz }: Rates, act: (low: Tensor) => Tensor): Tensor {
  if (rateHz >= sampleRateHz) return act(wave);
  const [rows, samples] = wave.shape as [number, number];
  const shared = greatestCommonDivisor(sampleRateHz, rateHz);
  const fftLength = fastFftLength(samples + GAP_SAMPLES, (2 * sampleRateHz) / shared);
  const lowLength = (fftLength * rateHz) / sampleRateHz;
  const bins = lowLength / 2 + 1;
  const edge = tf.tensor3d(halfCosineEdge(bins), [1, bins, 1]);
  const low = tf.mul(tf.slice(rfft(wave, fftLength), [0, 0, 0], [rows, bins, 2]), edge);
  const scaled = tf.mul(irfft(low, lowLength), lowLength / fftLength);
  const back = tf.mul(rfft(act(scaled), lowLength), fftLength / lowLength);
  return tf.slice(irfft(back, fftLength), [0, 0], [rows, samples]);
}

function halfCosineEdge(bins: number): Float32Array {
  const place = (bin: number) => (bin / (bins - 1) - PASS_SHARE) / (1 - PASS_SHARE);
  return Float32Array.from({ length: bins }, (_, bin) => 0.5 + 0.5 * Math.cos(Math.PI * Math.max(0, place(bin))));
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));
