import type { RowChange } from '../audio/augment/choice.js';
import { frameCount } from '../audio/features/fbank.js';
import { frameLength, isCentred } from '../audio/features/fbank-options.js';
import type { FeatureDefinition } from '../audio/features/feature-definition.js';
import { features, normalised } from '../audio/features/features.js';
import type { BucketOptions } from '../data/length-buckets.js';
import { openFeatureReader, openReader, type ShardLayout } from '../data/shards/reader.js';
import { storedBatches } from '../data/stored-batches.js';
import {
  type PlannedBatch,
  planBatches,
  type Stretch,
  stretchBatches,
  stretchesOf,
  type UtteranceBatch,
} from '../data/utterance-batches.js';
import type { Session } from '../engine/session/session.js';
import { type Tensor, tf } from '../engine/tf.js';
import { UserError } from '../errors.js';
import { float32, int32 } from '../host-tensor.js';
import type { Backbone } from '../nn/backbone.js';
import { maskTime, type Pass } from '../nn/pass.js';
import type { Scope } from '../nn/scope.js';
import { createScope } from '../nn/scope.js';
import { checkShapes } from './check-shapes.js';
import { type ExtractionOptions, type Extractor, MAX_BATCH_SAMPLES, meansOf, placeRows } from './extractor.js';
import { heardBatch } from './heard-batch.js';
import type { Hearing } from './hearing.js';
import { mirrorEnds } from './mirror-ends.js';
import type { Model } from './model-file.js';

/** What an extractor does to recordings before their features. */
export interface Listening {
  /** Default: levelled. */
  hearing?: Hearing;
  /** Applied in order to waveforms [rows, samples] on int16 scale, with draws of its own for each batch of a plan. Default: none. */
  augmentations?: readonly RowChange[];
}

/** Compiles `embed` over whole utterances of padded length; samples beyond an utterance's end are masked. */
export function createExtractor(
  session: Session,
  definition: FeatureDefinition,
  size: number,
  embed: (features: Tensor, pass: Pass) => Tensor,
  { hearing = 'levelled', augmentations = [] }: Listening = {},
): Extractor {
  // Frames that are centred on the last samples see what is behind them: the noise, in every row, and not the end of the batch.
  const tail = isCentred(definition.frontEnd) ? frameLength(definition) : 0;
  const vectorsOf = (input: Tensor, lengths: Tensor) => {
    const pass = { training: false, lengths };
    // Silence is not zero on the log scale: without mean normalisation the padding would be heard.
    return { vectors: embed(maskTime(input, pass), pass) };
  };
  const compiled = session.compile(
    'extract',
    ({ wave, noise, lengths }: Record<string, Tensor>) => {
      const augmented = augmentations.reduce((rows, apply, i) => apply(rows, `extract/augmentation${i}`), wave);
      const heard = tf.add(augmented, noise);
      return vectorsOf(features(heard, definition, { name: 'extract', dither: false, lengths }), lengths);
    },
    { inference: true },
  );
  const compiledStored = session.compile(
    'extract-stored',
    ({ stored, lengths }: Record<string, Tensor>) => vectorsOf(normalised(stored, definition, lengths), lengths),
    { inference: true },
  );
  return {
    size,
    async run(batch) {
      const { rows, indices } = batch;
      const heard = heardBatch(tail === 0 ? batch : withTail(batch, tail), hearing);
      const { samples, wave, noise, lengths } = definition.frontEnd === 'sslsv' ? mirrorEnds(heard, tail) : heard;
      // Noise pads an utterance shorter than a frame to one frame.
      const frames = lengths.map((length) => Math.max(frameCount(length, definition), 1));
      const { vectors } = await compiled({
        wave: float32(wave, [rows, samples]),
        noise: float32(noise, [1, samples]),
        lengths: int32(frames),
        ...(augmentations.length > 0 && { step: batch.draw ?? 0 }),
      });
      return (vectors.data as Float32Array).subarray(0, indices.length * size);
    },
    async runStored({ stored, rows, lengths, indices }) {
      if (hearing !== 'unchanged') throw levelledFault();
      if (augmentations.length > 0) throw new Error('augmentations change samples, and these are stored features');
      const shape = [rows, stored.length / rows / definition.bins, definition.bins];
      const { vectors } = await compiledStored({ stored: float32(stored, shape), lengths: int32(lengths) });
      return (vectors.data as Float32Array).subarray(0, indices.length * size);
    },
  };
}

/** A batch with `tail` zeros more behind every row. */
function withTail(batch: UtteranceBatch, tail: number): UtteranceBatch {
  const { rows, pcm } = batch;
  const samples = batch.samples + tail;
  const wider = new Int16Array(rows * samples);
  for (let row = 0; row < rows; row++)
    wider.set(pcm.subarray(row * batch.samples, (row + 1) * batch.samples), row * samples);
  return { ...batch, samples, pcm: wider };
}

const levelledFault = (): UserError =>
  new UserError(
    'This model hears speech brought to a level, which needs samples, and the corpus holds stored features. ' +
      'Embed a corpus of recordings, or use a model that was trained on stored features.',
  );

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
  const { features: definition, hearing } = model.info;
  return augmentations.map((list) =>
    createExtractor(session, definition, embeddingSize, embed, { hearing, augmentations: list }),
  );
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

/** A shard set as batches, which can be embedded one by one: by several processes, or by one that goes on after a kill. */
export interface Extraction {
  /** Of all stretches; the same for the same set. */
  batches: PlannedBatch[];
  /** Number of stretches. */
  stretches: number;
  size: number;
  /** Vectors of some of the batches, of one after the other: [indices.length, size]. */
  vectorsOf(batches: readonly PlannedBatch[]): AsyncGenerator<Float32Array, void, void>;
  /** Vectors of the utterances [utterances, size], in their order, from those of all stretches in order of `indices`. */
  utterancesOf(vectors: Float32Array): Float32Array;
}

/**
 * Plans the embedding of all utterances of a shard set, samples or stored features.
 * @param options.firstDraw step of the first batch's random draws; the others count on from it
 */
export function planExtraction(
  shards: ShardLayout,
  extractor: Extractor,
  options: Partial<BucketOptions> & { firstDraw?: number } = {},
): Extraction {
  const { size } = extractor;
  const stretches = stretchesOf(shards.samples);
  const batches = planBatches(stretches, { maxBatchSamples: MAX_BATCH_SAMPLES, ...options });
  return {
    batches,
    stretches: stretches.length,
    size,
    vectorsOf: (some) =>
      shards.features
        ? storedVectors({ ...shards, features: shards.features }, extractor, stretches, some)
        : waveVectors(shards, extractor, stretches, some),
    utterancesOf: (vectors) => meansOf(vectors, stretches, shards.samples.length, size),
  };
}

/** First draw of a copy of a shard set through augmentations: every copy goes on with random draws where the one before it ended. */
export const firstDrawOf = (shards: ShardLayout, extractor: Extractor, copy: number): number =>
  copy * planExtraction(shards, extractor).batches.length;

async function* waveVectors(
  shards: ShardLayout,
  { run }: Extractor,
  stretches: readonly Stretch[],
  batches: readonly PlannedBatch[],
): AsyncGenerator<Float32Array, void, void> {
  const { read, close } = openReader(shards);
  try {
    for (const batch of stretchBatches(stretches, { samples: shards.samples, read }, batches)) yield await run(batch);
  } finally {
    close();
  }
}

async function* storedVectors(
  shards: ShardLayout & { features: FeatureDefinition },
  { runStored }: Extractor,
  stretches: readonly Stretch[],
  batches: readonly PlannedBatch[],
): AsyncGenerator<Float32Array, void, void> {
  if (!runStored) throw new Error('this extractor takes samples, and these are stored features');
  const { features } = shards;
  const { read, close } = openFeatureReader(shards);
  try {
    for (const batch of storedBatches(stretches, { read, features }, batches)) yield await runStored(batch);
  } finally {
    close();
  }
}

/**
 * Vectors of all utterances of a shard set in its order: [utterances, size] row-major. `progress` counts stretches; `firstDraw` is that of
 * planExtraction.
 */
export async function extractAll(
  shards: ShardLayout,
  extractor: Extractor,
  { bucket, firstDraw, progress, signal }: ExtractionOptions & { firstDraw?: number } = {},
): Promise<Float32Array> {
  const planned = { ...bucket, ...(firstDraw !== undefined && { firstDraw }) };
  const { batches, stretches, size, vectorsOf, utterancesOf } = planExtraction(shards, extractor, planned);
  const all = new Float32Array(stretches * size);
  let [number, done] = [0, 0];
  for await (const vectors of vectorsOf(batches)) {
    const { indices } = batches[number++];
    placeRows(vectors, indices, all, size);
    done += indices.length;
    progress?.(done, stretches);
    signal?.throwIfAborted();
  }
  return utterancesOf(all);
}
