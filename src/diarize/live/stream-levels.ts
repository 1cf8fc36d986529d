import { hostFbank } from '../../audio/features/host-fbank.js';
import { bandLevels, FLOOR_SHARE, heightAbove, quantile, STEADY_DB } from '../../audio/speech/noise-floor.js';
import { periodicity } from '../../audio/speech/periodicity.js';
import {
  LOUD_SHARE,
  speechOdds,
  VAD_BANDS,
  VAD_FEATURES,
  VAD_FRAME_SECONDS,
  type VadOptions,
} from '../../audio/speech/vad.js';

/** Samples of a frame's step. */
export const FRAME = 160;

/** What is known of the frames of a block of sound. */
export interface FrameOdds {
  /** Log odds of speech. */
  odds: Float32Array;
  /** Near 1 in vowels. */
  periodic: Float32Array;
}

/** Makes odds of speech of blocks of frames, one after the other. */
export interface StreamLevels {
  /**
   * @param samples 16 kHz: the frames of the block and, where they exist, `MARGIN` samples on both sides
   * @param before samples in front of the block
   * @param frames of the block
   */
  add(samples: Float32Array, before: number, frames: number): void;
  /** The odds of the frames added since the last call, by the noise of the last minute. */
  take(): FrameOdds;
}

/** Samples around a block that its frames depend on: levels on two frames to each side, periodicity on 60 ms behind. */
export const MARGIN = 10 * FRAME;

/** Levels of `voiceActivity` for sound that has no end: the noise floor is that of the last minute, as nobody knows the next one. */
export function createStreamLevels(options: VadOptions): StreamLevels {
  const most = Math.round(options.floorSeconds / VAD_FRAME_SECONDS);
  const bands = Array.from({ length: VAD_BANDS }, () => createHistory(most));
  const heights = createHistory(most);
  let waiting: { levels: Float32Array[]; periodic: Float32Array }[] = [];
  return {
    add(samples, before, frames) {
      const energies = hostFbank(samples, VAD_FEATURES);
      const first = before / FRAME;
      const levels = bands.map((history, band) => {
        const all = bandLevels(energies, VAD_BANDS, band).subarray(first, first + frames);
        history.add(all);
        return all;
      });
      waiting.push({ levels, periodic: periodicity(samples, first + frames).subarray(first) });
    },
    take() {
      const floors = bands.map((history) => quantile(history.values(), FLOOR_SHARE));
      const blocks = waiting.map(({ levels, periodic }) => {
        const height = heightsOf(levels, floors);
        heights.add(height);
        return { height, periodic };
      });
      waiting = [];
      const threshold = Math.max(options.leastDb, options.share * quantile(heights.values(), LOUD_SHARE));
      const odds = blocks.flatMap(({ height, periodic }) =>
        Array.from(height, (value, i) => speechOdds(value, periodic[i], threshold)),
      );
      const periodic = blocks.flatMap((block) => Array.from(block.periodic.subarray(0, block.height.length)));
      return { odds: Float32Array.from(odds), periodic: Float32Array.from(periodic) };
    },
  };
}

/** Mean over bands of the levels above their floors. // [frames] */
function heightsOf(levels: readonly Float32Array[], floors: readonly number[]): Float32Array {
  const heights = new Float32Array(levels[0].length).fill(-STEADY_DB);
  levels.forEach((band, k) => {
    for (let i = 0; i < heights.length; i++) heights[i] += heightAbove(band[i], floors[k]) / levels.length;
  });
  return heights;
}

/** The last values of a series, in any order. */
function createHistory(most: number) {
  const ring = new Float32Array(most);
  let count = 0;
  return {
    add(values: Float32Array): void {
      for (const value of values) ring[count++ % most] = value;
    },
    values: (): Float32Array => ring.subarray(0, Math.min(count, most)),
  };
}
