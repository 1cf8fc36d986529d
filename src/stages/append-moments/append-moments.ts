import { z } from 'zod';
import { pickUtterances, type ShardSet } from '../../data/shards/shards.js';
import { createExtractor, extractAll, firstDrawOf, loadWeights, saveWeights } from '../../embed/extract.js';
import { type Model, writeModel } from '../../embed/model-file.js';
import type { Session } from '../../engine/session/session.js';
import { checkLibrary, withSession } from '../../engine/session/with-session.js';
import { tf } from '../../engine/tf.js';
import { UserError } from '../../errors.js';
import { float32 } from '../../host-tensor.js';
import type { Backbone } from '../../nn/backbone.js';
import { embedWithMoments, momentCount } from '../../nn/moments/layer-moments.js';
import { createScope } from '../../nn/scope.js';
import { defineStage } from '../../plugin/define.js';
import type { StageContext } from '../../plugin/stage.js';
import { createRng } from '../../random.js';
import { joinRows } from '../../rows.js';
import { openTraining } from '../artifacts/corpus-data.js';
import { modelResult, networkDir, openModelArtifact } from '../artifacts/model-artifact.js';
import { cropView, modelBuilder } from '../training/resolve-plugins.js';
import { waveAugmentationFaults } from '../training/wave-augmentation.js';
import { type HeardMoments, normalisationOf } from './normalisation.js';
import { appendMomentsOptions, defaultParts, type MomentPart } from './options.js';

type Options = z.output<typeof appendMomentsOptions>;

const NETWORK = 'network';
const BACKBONE = 'with-moments';

/**
 * Puts moments of a network's layers behind its embedding, each part normalised by what utterances, and copies of them through other
 * channels, show of it. A contrastive network keeps what tells recordings of a batch apart and drops the rest; the moments keep what it
 * dropped. No label is used and no gradient taken.
 */
export default defineStage({
  name: 'append-moments',
  summary: "Puts normalised moments of a network's layers behind its embedding: a model that hears more of a voice.",
  options: appendMomentsOptions,
  result: modelResult.extend({ utterances: z.number(), embeddingSize: z.number() }),
  produces: 'model',
  check: async (context, { augmentation }) => [
    ...checkLibrary(context),
    ...(await waveAugmentationFaults(context.registry, augmentation)),
  ],
  async run(context, options) {
    const { dir, seed, artifact } = context;
    const model = openModelArtifact(artifact(options.model), options.network);
    if (model.info.backbone.name === BACKBONE)
      throw new UserError(
        `model: '${options.model}' has moments behind its embedding already. Give the network that they are of.`,
      );
    const corpus = openTraining(artifact(options.corpus));
    if (corpus.train.features)
      throw new UserError(
        `corpus: '${options.corpus}' holds stored features, and copies need recordings to be changed. Give a corpus of recordings.`,
      );
    const heard = drawn(corpus.train, options.utterances, seed);
    return withSession({ ...context, name: 'append-moments' }, async (session) => {
      const joined = await withMoments(session, context, { model, heard, options });
      const { format: _, ...info } = joined.info;
      writeModel(networkDir({ dir }, NETWORK), info, joined.weights);
      return { networks: [NETWORK], utterances: heard.ids.length, embeddingSize: info.embeddingSize };
    });
  },
});

/** At most so many utterances, in their order. */
function drawn(shards: ShardSet, most: number, seed: number): ShardSet {
  const order = createRng(`${seed}/append-moments`).shuffle(Int32Array.from(shards.ids.keys()));
  return pickUtterances(shards, order.slice(0, most).sort());
}

interface Given {
  model: Model;
  heard: ShardSet;
  options: Options;
}

/** The model of all parts. */
async function withMoments(session: Session, context: StageContext, { model, heard, options }: Given): Promise<Model> {
  const { info } = model;
  const scope = createScope(session, 'model', 0);
  const network = (await modelBuilder(context.registry, info))(scope);
  await loadWeights(session, scope, model);
  const parts = options.parts ?? defaultParts(network);
  const moments = await hearMoments(session, context, { model, heard, options }, network, parts);
  const weights = await saveWeights(session, scope);
  for (const [i, part] of parts.entries()) {
    context.signal.throwIfAborted();
    context.log(`moments of ${part.layers.join(' and ')}: ${part.normalise} covariance`);
    const { dimensions, mean, matrix } = normalisationOf(part, moments);
    weights[`moments${i + 1}/mean`] = float32(Float32Array.from(mean));
    weights[`moments${i + 1}/matrix`] = float32(Float32Array.from(matrix), [dimensions, dimensions]);
  }
  const sizeOf = ({ layers }: MomentPart) =>
    layers.reduce((sum, name) => sum + momentCount(network, info.features.bins, name), 0);
  return {
    dir: model.dir,
    mean: null,
    weights,
    info: {
      ...info,
      // Its vectors are longer than those it shared a space with, and its maps are not rounded.
      space: undefined,
      quantized: undefined,
      origin: `${info.origin}, with moments of its layers`,
      backbone: {
        name: BACKBONE,
        options: {
          of: { name: info.backbone.name, ...info.backbone.options },
          parts: parts.map(({ layers, weight }) => ({ layers, weight })),
        },
      },
      embeddingSize: parts.reduce((sum, part) => sum + sizeOf(part), info.embeddingSize),
    },
  };
}

/** Moments of all layers that parts name, of every utterance and of its copies. */
async function hearMoments(
  session: Session,
  context: StageContext,
  { model, heard, options }: Given,
  network: Backbone,
  parts: readonly MomentPart[],
): Promise<HeardMoments> {
  const { features, hearing } = model.info;
  const layers = Array.from(new Set(parts.flatMap((part) => part.layers)), (name) => ({
    name,
    size: momentCount(network, features.bins, name),
  }));
  refuseLarge(parts, layers);
  const size = layers.reduce((sum, layer) => sum + layer.size, 0);
  const names = new Set(layers.map(({ name }) => name));
  const { augmentations } = await cropView(context, { features, augmentation: options.augmentation });
  const extractorThrough = (changes: typeof augmentations) =>
    createExtractor(
      session,
      features,
      size,
      (x, pass) => {
        const { moments } = embedWithMoments(network, x, pass, names);
        return tf.concat(
          layers.map(({ name }) => moments.get(name)!),
          1,
        );
      },
      { hearing, augmentations: changes },
    );
  const [plain, changed] = [extractorThrough([]), extractorThrough(augmentations)];
  const hear = (extractor: typeof plain, part: string, firstDraw: number) => {
    const progress = (step: number, total: number) => context.progress.update({ step, total, fields: { part } });
    return extractAll(heard, extractor, { firstDraw, progress, signal: context.signal });
  };
  const versions = [await hear(plain, 'as they are', 0)];
  for (let copy = 0; copy < options.copies; copy++)
    versions.push(await hear(changed, `copy ${copy + 1}`, firstDrawOf(heard, changed, copy)));
  return { layers, size, utterances: heard.ids.length, vectors: joinRows(versions) };
}

/** The axes of a covariance take time with the cube of its size: this one takes some ten minutes. */
const MOST_MOMENTS = 4096;

function refuseLarge(parts: readonly MomentPart[], layers: HeardMoments['layers']): void {
  for (const part of parts) {
    const size = layers.reduce((sum, layer) => sum + (part.layers.includes(layer.name) ? layer.size : 0), 0);
    if (size > MOST_MOMENTS)
      throw new UserError(
        `parts: ${part.layers.join(' and ')} have ${size} moments, and a covariance of more than ${MOST_MOMENTS} takes too long. ` +
          'Give each its own part, or a layer with fewer channels.',
      );
  }
}
