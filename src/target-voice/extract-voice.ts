import { STFT_BINS, STFT_WINDOW } from '../audio/stft/framing.js';
import { type HostStft, newFrame, planHostStft, type SpectrumFrame } from '../audio/stft/host-stft.js';
import { UserError } from '../errors.js';
import { norm } from '../rows.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { hostMask, type VoiceMask } from './host-mask.js';
import { COMPRESSION, reachOf } from './shape.js';

/** Frames whose masks are computed together: 16 s. */
const PIECE = 1000;

/**
 * One voice out of a recording of several: the recording's spectrum, masked, with its phase. Memory beside the samples does not grow with it.
 * @param samples 16 kHz mono
 * @param voice as `voiceOf` gives it, [embeddingSize]
 * @returns as many samples at the recording's level
 * @throws UserError for a recording that is shorter than a window, or silent
 */
export function extractVoice(network: VoiceMask, samples: Float32Array, voice: Float32Array): Float32Array {
  if (samples.length < STFT_WINDOW)
    throw new UserError(
      `The mixture lasts ${((1000 * samples.length) / SAMPLE_RATE_HZ).toFixed(1)} ms, and a mask needs one window of ` +
        `${(1000 * STFT_WINDOW) / SAMPLE_RATE_HZ} ms. Give a longer recording.`,
    );
  const level = norm(samples) / Math.sqrt(samples.length);
  if (level === 0) throw new UserError('The mixture is silent: there is no voice in it. Give another recording.');
  const reach = reachOf(network.shape);
  return masked(samples, (stft, start, end) => {
    const [first, last] = [Math.max(0, start - reach), Math.min(stft.frames(samples.length), end + reach)];
    const mask = hostMask(network, compressed(stft, samples, { first, last, level }), voice);
    return mask.subarray((start - first) * STFT_BINS, (end - first) * STFT_BINS);
  });
}

/** The mask of the frames from `start` to before `end`. // [frames, STFT_BINS] */
export type MaskOf = (stft: HostStft, start: number, end: number) => Float32Array;

/** A signal of which a mask leaves a part of every frequency. // [samples] */
export function masked(samples: Float32Array, maskOf: MaskOf): Float32Array {
  const stft = planHostStft();
  const frames = stft.frames(samples.length);
  const spectrum = newFrame();
  const left = new Float32Array(samples.length);
  for (let start = 0; start < frames; start += PIECE) {
    const end = Math.min(start + PIECE, frames);
    const mask = maskOf(stft, start, end);
    for (let frame = start; frame < end; frame++) {
      stft.analyse(samples, frame, spectrum);
      scale(spectrum, mask.subarray((frame - start) * STFT_BINS, (frame - start + 1) * STFT_BINS));
      stft.add(spectrum, frame, left);
    }
  }
  return left;
}

function scale({ re, im }: SpectrumFrame, mask: Float32Array): void {
  for (let bin = 0; bin < STFT_BINS; bin++) {
    re[bin] *= mask[bin];
    im[bin] *= mask[bin];
  }
}

/** Compressed magnitudes of some frames of a signal brought to a root mean square of 1. // [frames, STFT_BINS] */
function compressed(
  stft: HostStft,
  samples: Float32Array,
  { first, last, level }: { first: number; last: number; level: number },
): Float32Array {
  const spectrum = newFrame();
  const { re, im } = spectrum;
  const magnitudes = new Float32Array((last - first) * STFT_BINS);
  for (let frame = first; frame < last; frame++) {
    stft.analyse(samples, frame, spectrum);
    for (let bin = 0; bin < STFT_BINS; bin++)
      magnitudes[(frame - first) * STFT_BINS + bin] = (Math.hypot(re[bin], im[bin]) / level) ** COMPRESSION;
  }
  return magnitudes;
}

/**
 * What the best mask from 0 to 1 leaves of a mixture, by the voice itself: of each frequency the part that is in phase with the voice. No
 * network can do better with a mask of this kind.
 */
export function oracleVoice(mixture: Float32Array, target: Float32Array): Float32Array {
  const [whole, voice] = [newFrame(), newFrame()];
  return masked(mixture, (stft, start, end) => {
    const mask = new Float32Array((end - start) * STFT_BINS);
    for (let frame = start; frame < end; frame++) {
      stft.analyse(mixture, frame, whole);
      stft.analyse(target, frame, voice);
      for (let bin = 0; bin < STFT_BINS; bin++) {
        const shared = whole.re[bin] * voice.re[bin] + whole.im[bin] * voice.im[bin];
        const energy = whole.re[bin] ** 2 + whole.im[bin] ** 2;
        mask[(frame - start) * STFT_BINS + bin] = energy > 0 ? Math.min(1, Math.max(0, shared / energy)) : 0;
      }
    }
    return mask;
  });
}
