import { planPowerSpectrum } from '../features/real-fft.js';

const FRAME = 2048;
/** Bins next to the middle belong to neither half: a window blurs the spectrum, and filters have a slope. */
const SLOPE_BINS = FRAME / 32;
/** Interpolated sound has some -85 dB there, by the filter bank of the decoder; replicated bands of speech some -10 to -40 dB. */
const EMPTY_DB = -70;

/** The window with side lobes below -92 dB (F. J. Harris, "On the use of windows for harmonic analysis", Proceedings of the IEEE 1978). */
const WINDOW = Float64Array.from({ length: FRAME }, (_, i) => {
  const turn = (2 * Math.PI * i) / FRAME;
  return 0.35875 - 0.48829 * Math.cos(turn) + 0.14128 * Math.cos(2 * turn) - 0.01168 * Math.cos(3 * turn);
});

/** True when the upper half of the spectrum of `channels` holds nothing, as it does when sound was brought to twice its rate. */
export function isUpperHalfEmpty(channels: readonly Float32Array[]): boolean {
  const spectrum = planPowerSpectrum(FRAME);
  const [frame, power] = [new Float64Array(FRAME), new Float64Array(FRAME / 2 + 1)];
  let [lower, upper] = [0, 0];
  for (const samples of channels) {
    // A frame that the recording does not fill ends in a step, whose spectrum is everywhere.
    for (let at = 0; at + FRAME <= samples.length; at += FRAME) {
      for (let i = 0; i < FRAME; i++) frame[i] = samples[at + i] * WINDOW[i];
      spectrum(frame, power);
      for (let bin = 1; bin < FRAME / 4; bin++) lower += power[bin];
      for (let bin = FRAME / 4 + SLOPE_BINS; bin < FRAME / 2; bin++) upper += power[bin];
    }
  }
  return upper <= lower * 10 ** (EMPTY_DB / 10);
}
