import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { builtIns } from '../../../src/builtins.js';
import { loadWeights, saveWeights } from '../../../src/embed/extract.js';
import { readModel, writeModel } from '../../../src/embed/model-file.js';
import { UserError } from '../../../src/errors.js';
import type { Backbone } from '../../../src/nn/backbone.js';
import { createScope, type Scope } from '../../../src/nn/scope.js';
import { createRegistry } from '../../../src/pipeline/registry/registry.js';
import { choosePlugin } from '../../../src/plugin/choose-plugin.js';
import { asWritten } from '../../../src/plugin/options.js';
import { backboneBuilder, modelBuilder } from '../../../src/stages/training/resolve-plugins.js';
import { close } from '../../helpers/close.js';
import { embedder, liveIn } from '../../helpers/networks/backbone-session.js';
import { drawnFeatures, type Range } from '../../helpers/published/draws.js';
import { loadPublished } from '../../helpers/published/load.js';
import { ownNames } from '../../helpers/published/names.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { BINS, smallFeatures } from '../../helpers/training/small-training.js';

const registry = createRegistry(builtIns);
const x = normalTensor([2, 40, BINS], 'x');

/** Writes a live network as a model with these stored options; returns its embeddings and the folder. */
async function written(t: ExecutionContext, name: string, options: Record<string, unknown>, stored?: object) {
  const dir = temporaryFolder(t);
  const choice = await choosePlugin(registry, 'backbone', name, options);
  const build = await backboneBuilder(registry, choice, BINS);
  const vectors = await withSession(async (session) => {
    const scope = createScope(session, 'network', 1);
    const backbone = build(scope);
    await liveIn(session, scope);
    const options = (stored ?? asWritten(choice.options)) as Record<string, unknown>;
    const info = { origin: 'test', backbone: { name, options }, features: smallFeatures, embeddingSize: 6 };
    writeModel(dir, info, await saveWeights(session, scope));
    return embedder(session, backbone)(x);
  });
  return { dir, vectors };
}

async function read(dir: string) {
  const model = readModel(dir);
  const build = await modelBuilder(registry, model.info);
  return withSession(async (session) => {
    const scope: Scope = createScope(session, 'model', 0);
    const backbone = build(scope);
    await loadWeights(session, scope, model);
    return embedder(session, backbone)(x);
  });
}

const small = { width: 8, embeddingSize: 6 };

test('a model keeps the pooling it was built with', async (t) => {
  const pooling = { name: 'mqmhastp', queries: 3, heads: 2, bottleneck: 4 };
  const { dir, vectors } = await written(t, 'ecapa-512', { ...small, pooling });
  t.like(readModel(dir).info.backbone.options, { pooling });
  t.deepEqual(await read(dir), vectors);
});

test('models from before poolings were plugins still load', async (t) => {
  for (const pooling of ['attentive', 'statistics']) {
    const old = { ...small, pooling, embeddingNorm: true };
    const { dir, vectors } = await written(t, 'tdnn', old, old);
    t.deepEqual(await read(dir), vectors);
  }
  const { dir, vectors } = await written(t, 'resnet34', { ...small, width: 4 }, { ...small, width: 4 });
  t.deepEqual(await read(dir), vectors);
});

/** Networks as an earlier commit built and ran them: test/fixtures/networks/make-earlier.mjs. */
interface Earlier {
  bins: number;
  variance: Range;
  networks: { name: string; options: Record<string, unknown>; embedding: number[][] }[];
}

test('models from before their networks followed the published ones give what they gave', async (t) => {
  const file = new URL('../../../../test/fixtures/networks/earlier.json', import.meta.url);
  const { bins, variance, networks } = JSON.parse(readFileSync(file, 'utf8')) as Earlier;
  const embeddings = async (build: (scope: Scope) => Backbone) =>
    withSession(async (session) => {
      const scope = createScope(session, 'model', 0);
      const backbone = build(scope);
      await loadPublished(session, scope, ownNames, variance);
      return (await embedder(session, backbone)(drawnFeatures(bins))).data as Float32Array;
    });
  const features = { ...smallFeatures, bins };
  for (const { name, options, embedding } of networks) {
    const info = { format: 'voxloop-model-1' as const, origin: 'test', embeddingSize: 6, features };
    const vectors = await embeddings(await modelBuilder(registry, { ...info, backbone: { name, options } }));
    const scale = Math.hypot(...embedding.flat());
    const scaled = (values: Iterable<number>) => Float32Array.from(values, (value) => value / scale);
    close(t, scaled(vectors), scaled(embedding.flat()), 1e-6, name);
    if (options.embeddingNorm === false) continue;
    const recipe = options.embeddingNorm ? { ...options, embeddingNorm: 'affine' } : options;
    const choice = await choosePlugin(registry, 'backbone', name, recipe);
    const now = await embeddings(await backboneBuilder(registry, choice, bins));
    t.notDeepEqual(now, vectors, `the same options in a recipe make another network: ${name}`);
  }
});

test('a model with options that this version does not know is refused', async (t) => {
  const { dir } = await written(t, 'tdnn', small, { ...small, pooling: 'attentve' });
  const error = await t.throwsAsync(read(dir), { instanceOf: UserError });
  t.regex(error.message, /the model's backbone 'tdnn': 'pooling' names 'attentve'/);
});
