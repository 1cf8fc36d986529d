/** Samples of a frame: 32 ms. */
export const STFT_WINDOW = 512;
/** Samples from one frame to the next: half a window, so that every sample lies in two frames. */
export const STFT_HOP = STFT_WINDOW / 2;
/** Frequencies of a frame. */
export const STFT_BINS = STFT_WINDOW / 2 + 1;

/**
 * The root of a periodic Hann window, for analysis and for synthesis: its squares, half a window apart, add up to one, so that frames that
 * nobody changed give the signal back. // [STFT_WINDOW]
 */
export const stftWindow = (): Float32Array =>
  Float32Array.from({ length: STFT_WINDOW }, (_, i) => Math.sin((Math.PI * i) / STFT_WINDOW));
