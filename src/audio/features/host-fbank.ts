import { analysisWindow, melFilters } from './fbank-mel.js';
import { type FbankOptions, frameCount, frameLength, frameShift } from './fbank-options.js';
import { planPowerSpectrum } from './real-fft.js';

/**
 * The same log mel energies as `fbank`, computed on the host without dither: for worker threads and files of any length.
 * @param samples in [-1, 1], at the options' rate; taken to int16 scale
 * @returns [frames, bins] natural logarithms; empty when there are fewer samples than a frame
 */
export const hostFbank = (samples: Float32Array, options: FbankOptions): Float32Array =>
  planHostFbank(options)(samples);

/** `hostFbank` for many signals: window, filters and transform are made once. */
export function planHostFbank(options: FbankOptions): (samples: Float32Array) => Float32Array {
  const [length, shift, { bins }] = [frameLength(options), frameShift(options), options];
  if (!options.snipEdges) throw new Error('the host computes whole frames only (snipEdges)');
  const size = 2 ** Math.ceil(Math.log2(length));
  const [spectrum, window] = [planPowerSpectrum(size), analysisWindow(options.window, length)];
  const filters = melFilters(options, size).map(nonZero);
  const [frame, power] = [new Float64Array(size), new Float64Array(size / 2 + 1)];
  return (samples) => {
    const energies = new Float32Array(frameCount(samples.length, options) * bins);
    for (let at = 0, start = 0; at < energies.length; at += bins, start += shift) {
      for (let i = 0; i < length; i++) frame[i] = samples[start + i] * 32768;
      condition(frame, window, options);
      spectrum(frame, power);
      for (let bin = 0; bin < bins; bin++) {
        const { first, weights } = filters[bin];
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += weights[i] * power[first + i];
        energies[at + bin] = Math.log(Math.max(sum, options.energyFloor));
      }
    }
    return energies;
  };
}

/** DC removal, pre-emphasis and window, in place and in Kaldi's order. */
function condition(frame: Float64Array, window: Float64Array, { removeDcOffset, preEmphasis }: FbankOptions): void {
  let mean = 0;
  if (removeDcOffset) for (let i = 0; i < window.length; i++) mean += frame[i] / window.length;
  for (let i = window.length - 1; i >= 0; i--) {
    const [value, before] = [frame[i] - mean, frame[Math.max(i - 1, 0)] - mean];
    frame[i] = (value - preEmphasis * before) * window[i];
  }
}

function nonZero(filter: Float64Array): { first: number; weights: Float64Array } {
  const first = filter.findIndex((weight) => weight > 0);
  const last = filter.findLastIndex((weight) => weight > 0);
  return { first, weights: filter.slice(first, last + 1) };
}
