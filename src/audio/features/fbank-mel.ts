import { UserError } from '../../errors.js';
import { type FbankOptions, upperHz } from './fbank-options.js';

/** Kaldi's mel scale. */
export const melOf = (hz: number): number => 1127 * Math.log(1 + hz / 700);

/**
 * Kaldi's triangular mel filters: weights [bins][fftLength / 2] of the power spectrum's bins below the Nyquist frequency.
 * The triangles are straight on the mel scale. A filter between two FFT bins is a UserError.
 */
export function melFilters(options: FbankOptions, fftLength: number): Float64Array[] {
  const { bins, sampleRateHz, lowHz, highHz } = options;
  const low = melOf(lowHz);
  const step = (melOf(upperHz(highHz, sampleRateHz)) - low) / (bins + 1);
  const binMels = Float64Array.from({ length: fftLength / 2 }, (_, i) => melOf((i * sampleRateHz) / fftLength));
  return Array.from({ length: bins }, (_, bin) => {
    const centre = low + (bin + 1) * step;
    const filter = binMels.map((mel) => Math.max(0, 1 - Math.abs(mel - centre) / step));
    if (filter.some((weight) => weight > 0)) return filter;
    throw new UserError(
      `${bins} mel bins are too many: bin ${bin} lies between two points of a ${fftLength}-point transform. Use fewer bins or longer frames`,
    );
  });
}

/**
 * The analysis window [length]; 'povey' is a Hann window to the power 0.85, which ends at zero. It is symmetric unless `period` is `length`:
 * then it goes on as it begins.
 */
export function analysisWindow(shape: FbankOptions['window'], length: number, period = length - 1): Float64Array {
  return Float64Array.from({ length }, (_, i) => {
    const cosine = Math.cos((2 * Math.PI * i) / period);
    const hann = 0.5 - 0.5 * cosine;
    return shape === 'hamming' ? 0.54 - 0.46 * cosine : shape === 'hann' ? hann : hann ** 0.85;
  });
}
