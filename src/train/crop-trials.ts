import type { Loader } from '../data/crops/loader.js';
import type { Session } from '../engine/session/session.js';
import type { Tensor } from '../engine/tf.js';
import { meanEmbedding } from '../eval/cosine-scoring.js';
import { eerOf } from '../eval/detection/eer.js';
import type { Backbone } from '../nn/backbone.js';
import { rowsOf, unitRows } from '../rows.js';
import { type CropView, cropsToFeatures } from './step/crop-features.js';
import { cropTensor } from './step/micro-batches.js';

export interface CropTrialsParts {
  session: Session;
  backbone: Backbone;
  view: CropView;
  /** Batches of two crops an utterance. */
  loader: Loader;
  batchSize: number;
  /** Batches to score. */
  batches: number;
  signal?: AbortSignal;
  progress?: (done: number, total: number) => void;
}

export interface CropTrials {
  /** EER of telling two crops of one utterance from crops of two, by cosine around the mean of all crops; a fraction. */
  eer: number;
  trials: number;
}

/**
 * Measures how well a network finds the utterance that a crop comes from, where each crop is augmented on its own: a judgement of speaker
 * verification without known speakers. Trials are made within batches: every first crop against every second one.
 */
export async function scoreCropTrials(parts: CropTrialsParts): Promise<CropTrials> {
  const { session, backbone, view, loader, batchSize, batches, signal, progress } = parts;
  const embed = session.compile('crop-trials', ({ crops }: Record<string, Tensor>) => ({
    vectors: backbone.embed(cropsToFeatures(crops, view, 'crops'), { training: false }),
  }));
  const size = backbone.embeddingSize;
  const all = new Float32Array(batches * 2 * batchSize * size);
  for (let step = 0; step < batches; step++) {
    signal?.throwIfAborted();
    const batch = await loader.next();
    const crops = cropTensor(batch.global, { rows: 2 * batchSize, bins: view.features.bins });
    const { vectors } = await embed({ crops, step });
    all.set(vectors.data as Float32Array, step * 2 * batchSize * size);
    batch.release();
    progress?.(step + 1, batches);
  }
  return eerOfPairs(centred(all, size), { size, batchSize, batches });
}

function centred(vectors: Float32Array, size: number): Float32Array {
  const mean = meanEmbedding(rowsOf(vectors, size));
  return unitRows(
    vectors.map((value, i) => value - mean[i % size]),
    size,
  );
}

/** `units`: for each batch, `batchSize` first crops and as many second ones, rows of length 1 [2 batches * batchSize, size]. */
function eerOfPairs(
  units: Float32Array,
  { size, batchSize, batches }: Record<'size' | 'batchSize' | 'batches', number>,
) {
  const trials = batches * batchSize * batchSize;
  const scores = new Float32Array(trials);
  const same = new Uint8Array(trials);
  for (let at = 0; at < trials; at++) {
    const batch = Math.floor(at / (batchSize * batchSize));
    const first = Math.floor(at / batchSize) % batchSize;
    const second = at % batchSize;
    const [a, b] = [2 * batch * batchSize + first, (2 * batch + 1) * batchSize + second].map((row) => row * size);
    for (let j = 0; j < size; j++) scores[at] += units[a + j] * units[b + j];
    same[at] = first === second ? 1 : 0;
  }
  return { eer: eerOf(scores, same), trials };
}
