import type { RowChange } from '../audio/augment/choice.js';
import { frameCount } from '../audio/features/fbank.js';
import { frameLength, isCentred } from '../audio/features/fbank-options.js';
import type { FeatureDefinition } from '../audio/features/feature-definition.js';
import { features, normalised } from '../audio/features/features.js';
import { openFeatureReader, openReader, type ShardLayout } from '../data/shards/reader.js';
import { storedBatches } from '../data/stored-batches.js';
import { stretchesOf, type UtteranceBatch } from '../data/utterance-batches.js';
import type { Session } from '../engine/session/session.js';
import { type Tensor, tf } from '../engine/tf.js';
import { UserError } from '../errors.js';
import { float32, int32 } from '../host-tensor.js';
import type { Backbone } from '../nn/backbone.js';
import { maskTime, type Pass } from '../nn/pass.js';
import type { Scope } from '../nn/scope.js';
import { createScope } from '../nn/scope.js';
import { checkShapes } from './check-shapes.js';
import {
  type ExtractionOptions,
  type Extractor,
  embedBatches,
  embedUtterances,
  MAX_BATCH_SAMPLES,
  meansOf,
} from './extractor.js';
import { heardBatch } from './heard-batch.js';
import type { Hearing } from './hearing.js';
import { mirrorEnds } from './mirror-ends.js';
import type { Model } from './model-file.js';

/** What an extractor does to recordings before their features. */
export interface Listening {
  /** Default: levelled. */
  hearing?: Hearing;
  /** Applied in order to waveforms [rows, samples] on int16 scale, with new draws for each batch. Default: none. */
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
  let step = 0;
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
        ...(augmentations.length > 0 && { step: step++ }),
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

/** `embedUtterances` of stored features. */
async function embedStored(
  shards: ShardLayout & { features: FeatureDefinition },
  extractor: Extractor,
  { bucket, ...hooks }: ExtractionOptions,
): Promise<Float32Array> {
  const { samples, features: definition } = shards;
  if (!extractor.runStored) throw new Error('this extractor takes samples, and these are stored features');
  const { size, runStored } = extractor;
  const { read, close } = openFeatureReader(shards);
  try {
    const stretches = stretchesOf(samples);
    const settings = { maxBatchSamples: MAX_BATCH_SAMPLES, ...bucket };
    const batches = storedBatches(stretches, { read, features: definition }, settings);
    const vectors = await embedBatches(batches, stretches.length, { size, run: runStored }, hooks);
    return meansOf(vectors, stretches, samples.length, size);
  } finally {
    close();
  }
}

/** Vectors of all utterances of a shard set, samples or stored features, in its order: [utterances, size] row-major. */
export async function extractAll(
  shards: ShardLayout,
  extractor: Extractor,
  options: ExtractionOptions = {},
): Promise<Float32Array> {
  const { features: stored } = shards;
  if (stored) return embedStored({ ...shards, features: stored }, extractor, options);
  const reader = openReader(shards);
  try {
    return await embedUtterances({ samples: shards.samples, read: reader.read }, extractor, options);
  } finally {
    reader.close();
  }
}
