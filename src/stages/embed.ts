import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import type { ShardSet } from '../data/shards/shards.js';
import { firstDrawOf, openModelExtractors, planExtraction } from '../embed/extract.js';
import { type Model, writeModel } from '../embed/model-file.js';
import { embedShare, embedTogether, type SharedExtraction } from '../embed/shared-extraction.js';
import { weightsIdentity } from '../embed/weights-identity.js';
import { checkLibrary, withSession } from '../engine/session/with-session.js';
import { meanEmbedding } from '../eval/cosine-scoring.js';
import { makeFolder } from '../io/folder.js';
import { writeNpy } from '../io/npy.js';
import { defineStage } from '../plugin/define.js';
import { artifact, pluginChoice } from '../plugin/options.js';
import type { CheckContext, StageContext } from '../plugin/stage.js';
import { joinRows, rowsOf } from '../rows.js';
import { openTraining, openTrialLists, type TestList } from './artifacts/corpus-data.js';
import { COPIES, embeddingsResult } from './artifacts/embeddings-data.js';
import { networkName, openModelArtifact } from './artifacts/model-artifact.js';
import { type EmbedShards, openListEmbedder } from './evaluate/list-embeddings.js';
import { cropView, modelBuilder } from './training/resolve-plugins.js';
import { checkSameFeatures, refuseWaveChanges } from './training/stored-features.js';
import { waveAugmentationFaults } from './training/wave-augmentation.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  model: artifact('model'),
  network: z.string().optional().describe("which of the model's networks; default: the one that is the result"),
  copies: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe(
      'how often each training utterance is also embedded through `augmentation`, for a back-end to learn from',
    ),
  augmentation: z.array(pluginChoice('augmentation')).default([]).describe('what is applied to those copies'),
});

/**
 * Embeds every training and test utterance once. Writes train.npy and one file for each trial list, in shard order; and augmented.npy,
 * all training utterances through the augmentation, then all of them again, as often as `copies` says. Several workers share the batches,
 * and what they have embedded when one is killed is not embedded again; the bytes are those of one process.
 */
export default defineStage({
  name: 'embed',
  summary: 'Embeds every utterance of a corpus once, with a trained network.',
  options,
  result: embeddingsResult,
  produces: 'embeddings',
  check: async (context, chosen) => [...checkLibrary(context), ...(await copyFaults(context, chosen))],
  async run(context, chosen) {
    const parts = join(context.dir, PARTS);
    if (!context.resume) rmSync(parts, { recursive: true, force: true });
    makeFolder(parts);
    const { corpus, copies } = chosen;
    const { train, lists } = openSets(context, corpus);
    return withEmbedding(context, chosen, async ({ model, network, size, sharedOf }) => {
      const embed = (set: EmbeddedSet) => embedTogether(sharedOf(set));
      const save = (name: string, vectors: Float32Array) =>
        writeNpy(join(context.dir, `${name}.npy`), [vectors.length / size, size], vectors);
      const vectors = await embed({ name: 'train', shards: train });
      save('train', vectors);
      if (copies > 0) {
        const augmented: Float32Array[] = [];
        for (let copy = 0; copy < copies; copy++) augmented.push(await embed(copyOf(train, copy)));
        save(COPIES, joinRows(augmented));
      }
      const mean = meanEmbedding(rowsOf(vectors, size));
      writeModel(join(context.dir, 'model'), model.info, model.weights, mean, model.packed);
      const embedList = openListEmbedder(testSets(embed), size);
      for (const list of lists) save(list.name, await embedList(list));
      rmSync(parts, { recursive: true });
      const { origin, space } = model.info;
      return { network, origin, embeddingSize: size, model: weightsIdentity(model), ...(space && { space }) };
    });
  },
  async besideFirst(context, chosen) {
    const { signal, checkpoints = context.dir } = context;
    while (!existsSync(join(checkpoints, PARTS))) await setTimeout(POLL_MS, undefined, { signal });
    const { train, lists } = openSets(context, chosen.corpus);
    await withEmbedding(context, chosen, async ({ size, sharedOf }) => {
      const share = (set: EmbeddedSet) => embedShare(sharedOf(set));
      await share({ name: 'train', shards: train });
      for (let copy = 0; copy < chosen.copies; copy++) await share(copyOf(train, copy));
      // Which utterances a list adds to those before it does not depend on what they sound like.
      const unknown = testSets(async (set) => {
        await share(set);
        return new Float32Array(set.shards.ids.length * size);
      });
      const embedList = openListEmbedder(unknown, size);
      for (const list of lists) await embedList(list);
    });
  },
});

/** The folder of what workers have embedded, and what a kill leaves; it goes when all is there. */
const PARTS = 'parts';
const POLL_MS = 100;

/** Utterances that are embedded in one go. */
interface EmbeddedSet {
  name: string;
  shards: ShardSet;
  /** Number of the copy through the augmentation; default: as they are. */
  copy?: number;
}

const copyOf = (shards: ShardSet, copy: number): EmbeddedSet => ({ name: `${COPIES}-${copy + 1}`, shards, copy });

/** Gives each set of test utterances a name. */
function testSets(embed: (set: EmbeddedSet) => Promise<Float32Array>): EmbedShards {
  let number = 0;
  return (shards) => embed({ name: `test-${++number}`, shards });
}

function openSets({ artifact }: StageContext, name: string): { train: ShardSet; lists: TestList[] } {
  const { train, manifest } = openTraining(artifact(name));
  return { train, lists: openTrialLists(artifact(name), manifest) };
}

interface Embedding {
  model: Model;
  network: string;
  size: number;
  sharedOf(set: EmbeddedSet): SharedExtraction;
}

/** Opens the model in a session of its own. */
async function withEmbedding<T>(
  context: StageContext,
  { corpus, model: name, network: asked, augmentation }: z.output<typeof options>,
  act: (embedding: Embedding) => Promise<T>,
): Promise<T> {
  const { registry, workers, signal, checkpoints = context.dir } = context;
  const network = networkName(context.artifact(name), asked);
  const model = openModelArtifact(context.artifact(name), network);
  const stored = openTraining(context.artifact(corpus)).train.features;
  if (stored) {
    checkSameFeatures(stored, model.info.features);
    await refuseWaveChanges(registry, { augmentation });
  }
  return withSession({ ...context, name: 'embed' }, async (session) => {
    const build = await modelBuilder(registry, model.info);
    const { augmentations } = await cropView(context, { augmentation, features: model.info.features });
    const [plain, augmenting] = await openModelExtractors(session, model, build, [[], augmentations]);
    const sharedOf = ({ name, shards, copy }: EmbeddedSet): SharedExtraction => {
      const extraction =
        copy === undefined
          ? planExtraction(shards, plain)
          : planExtraction(shards, augmenting, { firstDraw: firstDrawOf(shards, augmenting, copy) });
      const progress = (step: number, total: number) =>
        context.progress.update({ step, total, fields: { part: name.replace('-', ' ') } });
      return { name, extraction, folder: join(checkpoints, PARTS), workers, signal, progress };
    };
    return act({ model, network, size: plain.size, sharedOf });
  });
}

async function copyFaults({ registry }: CheckContext, { copies, augmentation }: z.output<typeof options>) {
  if (copies === 0) {
    return augmentation.length > 0 ? ["'augmentation' has no effect without 'copies'; say how many to embed."] : [];
  }
  if (augmentation.length === 0)
    return ["'copies' without 'augmentation' would embed the same audio again; say what is applied to the copies."];
  return waveAugmentationFaults(registry, augmentation);
}
