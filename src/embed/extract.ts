import type { RowChange } from '../audio/augment/choice.js';
import { frameCount } from '../audio/features/fbank.js';
import { type FeatureDefinition, features } from '../audio/features/features.js';
import type { BucketOptions } from '../data/length-buckets.js';
import type { ShardLayout } from '../data/shards/reader.js';
import { type UtteranceBatch, utteranceBatches } from '../data/utterance-batches.js';
import { toFloat32 } from '../engine/raw.js';
import type { Session } from '../engine/session/session.js';
import type { Tensor } from '../engine/tf.js';
import { int32 } from '../host-tensor.js';
import type { Backbone } from '../nn/backbone.js';
import { maskTime, type Pass } from '../nn/pass.js';
import type { Scope } from '../nn/scope.js';
import { createScope } from '../nn/scope.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { checkShapes } from '../train/checkpoint.js';
import type { Model } from './model-file.js';

/** Rows times samples of a batch: a minute keeps two cores busy and stays below 2 GB with ResNet34. */
export const MAX_BATCH_SAMPLES = 64 * SAMPLE_RATE_HZ;

/** Embeds whole utterances. */
export interface Extractor {
  size: number;
  /** Vectors of a batch's utterances [indices.length, size]. */
  run(batch: UtteranceBatch): Promise<Float32Array>;
}

/**
 * Compiles `embed` over whole utterances of padded length; samples beyond an utterance's end are masked.
 * @param augmentations applied in order to waveforms [rows, samples] on int16 scale, with new draws for each batch
 */
export function createExtractor(
  session: Session,
  definition: FeatureDefinition,
  size: number,
  embed: (features: Tensor, pass: Pass) => Tensor,
  augmentations: readonly RowChange[] = [],
): Extractor {
  let step = 0;
  const compiled = session.compile('extract', ({ pcm, lengths }: Record<string, Tensor>) => {
    const wave = augmentations.reduce((rows, apply, i) => apply(rows, `extract/augmentation${i}`), toFloat32(pcm));
    const input = features(wave, definition, { name: 'extract', dither: false, lengths });
    const pass = { training: false, lengths };
    // Silence is not zero on the log scale: without mean normalisation the padding would be heard.
    return { vectors: embed(maskTime(input, pass), pass) };
  });
  return {
    size,
    async run({ pcm, lengths, rows, samples, indices }) {
      // Zeros pad an utterance shorter than a frame to one frame.
      const frames = lengths.map((length) => Math.max(frameCount(length, definition), 1));
      const { vectors } = await compiled({
        pcm: { dtype: 'int16', shape: [rows, samples], data: pcm },
        lengths: int32(frames),
        ...(augmentations.length > 0 && { step: step++ }),
      });
      return (vectors.data as Float32Array).subarray(0, indices.length * size);
    },
  };
}

/** The extractor of a model on disk; `build` makes its backbone. */
export const openModelExtractor = async (
  session: Session,
  model: Model,
  build: (scope: Scope) => Backbone,
): Promise<Extractor> => (await openModelExtractors(session, model, build, [[]]))[0];

/** Extractors of a model on disk, one for each list of augmentations. */
export async function openModelExtractors(
  session: Session,
  model: Model,
  build: (scope: Scope) => Backbone,
  augmentations: readonly (readonly RowChange[])[],
): Promise<Extractor[]> {
  const scope = createScope(session, 'model', 0);
  const { embeddingSize, embed } = build(scope);
  await loadWeights(session, scope, model);
  return augmentations.map((list) => createExtractor(session, model.info.features, embeddingSize, embed, list));
}

/**
 * Puts a model's weights into the backbone built at `scope`, or a classifier's into its loss; UserError when they are of another
 * architecture.
 */
export async function loadWeights(
  session: Session,
  scope: Scope,
  { weights, dir }: Pick<Model, 'weights' | 'dir'>,
): Promise<void> {
  const variables = [...scope.params(), ...scope.buffers()];
  const local = (name: string) => name.slice(scope.path.length + 1);
  checkShapes(dir, weights, new Map(variables.map(({ name, shape }) => [local(name), shape])));
  await session.load(Object.fromEntries(variables.map(({ name }) => [name, weights[local(name)]])));
}

/** A backbone's weights and statistics, named below its scope: out of `values`, by the variables' names, or else out of the session. */
export async function saveWeights(
  session: Session,
  scope: Scope,
  values?: Model['weights'],
): Promise<Model['weights']> {
  const variables = [...scope.params(), ...scope.buffers()];
  const saved = values ?? (await session.save(variables.map(({ name }) => name)));
  return Object.fromEntries(variables.map(({ name }) => [name.slice(scope.path.length + 1), saved[name]]));
}

export interface BatchHooks {
  progress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** Vectors of `total` utterances, from batches that hold each of them once: [total, size]. */
export async function embedBatches(
  batches: Iterable<UtteranceBatch>,
  total: number,
  extractor: Extractor,
  { progress, signal }: BatchHooks = {},
): Promise<Float32Array> {
  const { size } = extractor;
  const all = new Float32Array(total * size);
  let done = 0;
  for (const batch of batches) {
    const vectors = await extractor.run(batch);
    batch.indices.forEach((index, row) => {
      all.set(vectors.subarray(row * size, (row + 1) * size), index * size);
    });
    done += batch.indices.length;
    progress?.(done, total);
    signal?.throwIfAborted();
  }
  return all;
}

/** Vectors of all utterances of a shard set, in its order: [utterances, size] row-major. */
export function extractAll(
  shards: ShardLayout,
  extractor: Extractor,
  { bucket, ...hooks }: BatchHooks & { bucket?: Partial<BucketOptions> } = {},
): Promise<Float32Array> {
  const batches = utteranceBatches(shards, { maxBatchSamples: MAX_BATCH_SAMPLES, ...bucket });
  return embedBatches(batches, shards.samples.length, extractor, hooks);
}
