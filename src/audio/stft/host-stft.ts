import { planRealTransform } from '../features/real-fft.js';
import { STFT_BINS, STFT_HOP, STFT_WINDOW, stftWindow } from './framing.js';

/** One frame of short-time spectra, [STFT_BINS] each. */
export interface SpectrumFrame {
  re: Float64Array;
  im: Float64Array;
}

/** Short-time spectra of a signal and back, frame by frame, in plain arrays; the memory does not grow with the signal. */
export interface HostStft {
  /** Frames of so many samples; the first and the last one reach beyond the signal by half a window, over zeros. */
  frames(samples: number): number;
  /** Fills `into` with the spectrum of frame number `frame`, unnormalised. */
  analyse(samples: Float32Array, frame: number, into: SpectrumFrame): void;
  /** Adds what a frame's spectrum sounds like to `samples`: all frames together give the signal back. */
  add(spectrum: SpectrumFrame, frame: number, samples: Float32Array): void;
}

export const newFrame = (): SpectrumFrame => ({ re: new Float64Array(STFT_BINS), im: new Float64Array(STFT_BINS) });

/** Plans the analysis and synthesis. */
export function planHostStft(): HostStft {
  const { forward, inverse } = planRealTransform(STFT_WINDOW);
  const [window, buffer] = [stftWindow(), new Float64Array(STFT_WINDOW)];
  const startOf = (frame: number) => (frame - 1) * STFT_HOP;
  return {
    frames: (samples) => Math.ceil(samples / STFT_HOP) + 1,
    analyse(samples, frame, { re, im }) {
      const start = startOf(frame);
      for (let i = 0; i < STFT_WINDOW; i++) buffer[i] = window[i] * (samples[start + i] ?? 0);
      forward(buffer, re, im);
    },
    add({ re, im }, frame, samples) {
      inverse(re, im, buffer);
      const start = startOf(frame);
      const end = Math.min(STFT_WINDOW, samples.length - start);
      for (let i = Math.max(0, -start); i < end; i++) samples[start + i] += window[i] * buffer[i];
    },
  };
}
