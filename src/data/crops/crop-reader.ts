import { frameCount, frameShift } from '../../audio/features/fbank-options.js';
import { openFeatureReader, openReader, type ShardLayout } from '../shards/reader.js';
import { tile } from './crops.js';

/** Rows of crops: int16 samples, or float32 features. */
export type CropValues = Int16Array | Float32Array;

/** Cuts crops out of utterances. */
export interface CropReader {
  /**
   * Fills a row with an utterance's crop of `samples` samples from sample `start` on; an utterance that is shorter is repeated. Of stored
   * features, the row gets as many frames as such a crop has, from the frame in which it starts on.
   */
  fill(utterance: number, start: number, samples: number, row: CropValues): void;
}

/** Opens the reader of a layout: of samples or of stored features. */
export function openCropReader(layout: ShardLayout): CropReader {
  const { features, samples: lengths } = layout;
  if (!features) {
    const { read } = openReader(layout);
    return {
      fill(utterance, start, samples, row) {
        const filled = Math.min(lengths[utterance], samples);
        read(utterance, start, (row as Int16Array).subarray(0, filled));
        tile(row, filled);
      },
    };
  }
  const { read } = openFeatureReader(layout);
  return {
    fill(utterance, start, samples, row) {
      const filled = features.bins * Math.min(frameCount(lengths[utterance], features), frameCount(samples, features));
      read(utterance, Math.floor(start / frameShift(features)), (row as Float32Array).subarray(0, filled));
      tile(row, filled);
    },
  };
}
