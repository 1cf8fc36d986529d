import type { Session } from '../../engine/session/session.js';
import { float32 } from '../../host-tensor.js';
import { fbank } from './fbank.js';
import { type FbankOptions, frameCountOrFail, frameShift, samplesFor } from './fbank-options.js';

/** Frames computed at once, a minute by default options: bounds the memory, whatever the length of a recording. */
const FRAMES_PER_RUN = 6000;
const INT16_SCALE = 32768;

/**
 * The fbank of one recording of any length, computed piece by piece.
 * @param samples in [-1, 1], at the options' rate; fewer than a frame: UserError
 * @returns float32 [frames, bins] row-major
 */
export async function fbankOfRecording(
  session: Session,
  samples: Float32Array,
  options: FbankOptions,
): Promise<{ frames: number; data: Float32Array }> {
  if (!options.snipEdges) throw new Error('a recording is cut into pieces, which needs snipEdges');
  const frames = frameCountOrFail(samples.length, options);
  const compiled = session.compile('fbank', ({ wave }) => ({ energies: fbank(wave, options) }));
  const data = new Float32Array(frames * options.bins);
  for (let first = 0, step = 0; first < frames; first += FRAMES_PER_RUN, step++) {
    const start = first * frameShift(options);
    const size = samplesFor(Math.min(FRAMES_PER_RUN, frames - first), options);
    const wave = float32(
      samples.subarray(start, start + size).map((value) => value * INT16_SCALE),
      [1, size],
    );
    const { energies } = await compiled({ wave, step });
    data.set(energies.data as Float32Array, first * options.bins);
  }
  return { frames, data };
}
