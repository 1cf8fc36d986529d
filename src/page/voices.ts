import { toPcm16 } from '../data/shards/pcm16.js';
import { diarize, diarizeOptions } from '../diarize/diarize.js';
import type { Segment } from '../diarize/segments.js';
import { embedPieces } from '../embed/embed-pieces.js';
import type { Extractor } from '../embed/extractor.js';
import type { GraphModel } from '../embed/onnx/graph-extractor.js';
import { UserError } from '../errors.js';
import { dot } from '../rows.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { directionOf } from '../speakers/directions.js';

/** What the page knows of its model besides the graph: model.json. */
export interface PageModel extends GraphModel {
  /** Name of the model, for people. */
  name: string;
  /** Mean embedding that is subtracted before the cosine; null where the model has none. [embeddingSize] */
  mean: number[] | null;
  /** Log-likelihood ratio = scale * cosine + offset; null without a calibration. */
  calibration: { scale: number; offset: number } | null;
  /** The cosine above which two recordings are of one speaker, and where that comes from; null without a calibration. */
  threshold: { value: number; basis: string } | null;
}

/** Two recordings, compared as `voxloop similarity` does. */
export interface Comparison {
  /** In [-1, 1]. */
  cosine: number;
  /** Natural logarithm; null without a calibration. */
  llr: number | null;
  same: boolean | null;
  threshold: PageModel['threshold'];
}

/** What the page does with recordings, each 16 kHz mono in [-1, 1]. */
export interface Voices {
  /** The embedding, as `voxloop embed` writes it. [embeddingSize] */
  embed(samples: Float32Array): Promise<Float32Array>;
  /** @throws UserError for a recording of less than 25 ms */
  compare(a: Float32Array, b: Float32Array): Promise<Comparison>;
  /** Who speaks when, as `voxloop diarize` finds it. @param speakers their number, where it is known */
  diarize(samples: Float32Array, speakers?: number): Promise<Segment[]>;
}

/** Shorter than one frame of features. */
const LEAST_SAMPLES = 400;

/** The functions of the page over an opened model. */
export function openVoices(model: PageModel, extractor: Extractor): Voices {
  const mean = model.mean && Float32Array.from(model.mean);
  const embed = async (samples: Float32Array) => {
    if (samples.length < LEAST_SAMPLES)
      throw new UserError(
        `The recording lasts ${((1000 * samples.length) / SAMPLE_RATE_HZ).toFixed(0)} ms; a comparison needs at least 25 ms.`,
      );
    return embedPieces([toPcm16(samples)], extractor);
  };
  const direction = async (samples: Float32Array) => directionOf('the recording', await embed(samples), mean);
  return {
    embed,
    async compare(a, b) {
      const cosine = Math.min(1, Math.max(-1, dot(await direction(a), await direction(b))));
      const { calibration, threshold } = model;
      const llr = calibration && calibration.scale * cosine + calibration.offset;
      return { cosine, llr, same: threshold && cosine > threshold.value, threshold };
    },
    diarize: (samples, speakers) => diarize(samples, extractor, diarizeOptions.parse({ speakers })),
  };
}
