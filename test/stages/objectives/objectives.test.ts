import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readModel } from '../../../src/embed/model-file.js';
import { UserError } from '../../../src/errors.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import { isAdapter } from '../../../src/nn/domains/adapters.js';
import { storedCorpus } from '../../helpers/corpora/stored-corpus.js';
import { voiceCorpus } from '../../helpers/corpora/voices.js';
import { normals } from '../../helpers/random-values.js';
import { artifactAt, checkStage, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { BINS, smallFeatures } from '../../helpers/training/small-training.js';

const registry = newRegistry();
const root = mkdtempSync(join(tmpdir(), 'voxloop-test-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

const TRAINING = { corpus: 'corpus', clusters: 'clusters', cropSeconds: 0.4, batchSize: 4, rate: { peak: 0.01 } };
const LENGTHS = Array.from({ length: 12 }, (_, i) => 6500 + 700 * (i % 7));

/** Two corpora, one of a single utterance, labels, frame labels and a network. */
let artifacts: Awaited<ReturnType<typeof make>>;
test.before(async () => {
  artifacts = await make();
});

async function make() {
  const corpusAt = async (name: string, lengths: readonly number[]) => {
    await voiceCorpus(join(root, name), lengths);
    return artifactAt(join(root, name), 'corpus', { path: null });
  };
  const corpora = {
    corpus: await corpusAt('corpus', LENGTHS),
    'corpus-target': await corpusAt('target', LENGTHS.slice(2)),
    'corpus-single': await corpusAt('single', [7000]),
  };
  const made = (name: string, stage: string, options: Record<string, unknown>, inputs = {}) =>
    runStage({ registry, dir: join(root, name), stage, options, artifacts: { ...corpora, ...inputs } });
  const clusters = await made('labels', 'labels', { corpus: 'corpus' });
  const units = await made('units', 'units', { corpus: 'corpus', features: { bins: BINS }, units: 5, iterations: 3 });
  // Made of other recordings, says its digest.
  const other = artifactAt(units.dir, 'units', { ...(units.result as object), corpus: 'another', utterances: 10 });
  const backbone = { name: 'tdnn', width: 8, embeddingSize: 6 };
  const training = { ...TRAINING, backbone, features: { bins: BINS }, steps: 2 };
  const model = await made('model', 'finetune', training, { clusters });
  return { ...corpora, clusters, units, 'units-other': other, model };
}

const finetune = (options: Record<string, unknown>) => ({
  registry,
  artifacts,
  stage: 'finetune',
  options: { ...TRAINING, ...options },
});
const weightsOf = (dir: string, network = 'network') => readModel(join(dir, 'models', network));
const bits = ({ data }: HostTensor) =>
  Buffer.from(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength).toString('hex');

const OBJECTIVES = [
  { name: 'mmd', weight: 0.5 },
  { name: 'coral', layer: 'pooled' },
  { name: 'classes', hidden: [4] },
  { name: 'classes', labels: 'clusters', adversarial: false },
  { name: 'phones', labels: 'units', layer: 'layer2' },
  { name: 'phones', labels: 'units', layer: 'embedding', adversarial: true },
];

test('all objectives train beside labels in micro-batches, and a killed run ends with the same bits', async (t) => {
  const options = {
    init: 'model',
    objectives: OBJECTIVES,
    target: 'corpus-target',
    accumulate: 2,
    domainNorms: true,
    steps: 3,
  };
  const attempt = finetune({ ...options, checkpointSeconds: 0.001 });
  const whole = await runStage({ ...attempt, dir: temporaryFolder(t) });
  const stopped = { ...attempt, dir: temporaryFolder(t) };
  await t.throwsAsync(runStage({ ...stopped, stopAt: 1 }), { message: 'stopped' });
  const resumed = await runStage({ ...stopped, resume: true });
  for (const file of ['metrics.jsonl', 'models/network/model.safetensors', 'models/source/model.safetensors'])
    t.true(readFileSync(join(resumed.dir, file)).equals(readFileSync(join(whole.dir, file))), file);
  const first = JSON.parse(readFileSync(join(whole.dir, 'metrics.jsonl'), 'utf8').split('\n')[0]) as Record<
    string,
    number
  >;
  const parts = [0.5 * first.mmd, first.coral, first.classes, first.classes2, first.phones, first.phones2];
  t.true(Math.abs(first.loss - parts.reduce((a, b) => a + b, first.main)) < 1e-4 * first.loss);
  t.true(first['classes-accuracy'] >= 0 && first['phones2-accuracy'] <= 1);
  t.like(whole.result, { networks: ['network', 'source'] });
  const [target, source] = [weightsOf(whole.dir), weightsOf(whole.dir, 'source')];
  t.deepEqual([target.info.domain, source.info.domain], ['target', 'source']);
  const differing = Object.keys(target.weights).filter(
    (name) => bits(target.weights[name]) !== bits(source.weights[name]),
  );
  t.true(differing.length > 0 && differing.every((name) => name.includes('norm/')), differing.join());
});

test('with adapters every other weight and statistic keeps its bits, also in a mean of weights; a later training goes on with them', async (t) => {
  const options = { init: 'model', adapters: { rank: 2 }, steps: 3, average: { decay: 0.9 } };
  const trained = await runStage({ ...finetune(options), dir: temporaryFolder(t) });
  const [before, after] = [weightsOf(artifacts.model.dir), weightsOf(trained.dir)];
  for (const [name, value] of Object.entries(before.weights)) t.is(bits(after.weights[name]), bits(value), name);
  const ups = Object.entries(after.weights).filter(([name]) => isAdapter(name) && name.endsWith('up'));
  t.true(ups.length > 4 && ups.every(([, { data }]) => (data as Float32Array).some(Boolean)));
  t.like(after.info.backbone, { name: 'adapted', options: { rank: 2, of: { name: 'tdnn', width: 8 } } });
  const further = { registry, artifacts: { ...artifacts, 'model-adapted': trained }, stage: 'finetune' };
  const options2 = { ...TRAINING, init: 'model-adapted', adapters: {}, steps: 1 };
  const again = await runStage({ ...further, options: options2, dir: temporaryFolder(t) });
  t.deepEqual(Object.keys(weightsOf(again.dir).weights).sort(), Object.keys(after.weights).sort());
  await t.throwsAsync(
    runStage({ ...further, options: { ...options2, adapters: { rank: 3 } }, dir: temporaryFolder(t) }),
    { instanceOf: UserError, message: /adapters of 2 channels, not 3\. Leave rank out/ },
  );
});

test('a trained model adapts to recordings without a label', async (t) => {
  const options = {
    model: 'model',
    corpus: 'corpus',
    target: 'corpus-target',
    cropSeconds: 0.4,
    batchSize: 4,
    steps: 3,
    rate: { peak: 0.01 },
  };
  const { dir, result } = await runStage({ registry, artifacts, stage: 'adapt', options, dir: temporaryFolder(t) });
  t.like(result, { networks: ['network'], steps: 3, classes: null });
  const { info, weights } = weightsOf(dir);
  t.is(info.origin, "classifier, adapted to 'corpus-target'");
  t.is(info.space, undefined);
  t.deepEqual(Object.keys(weights), Object.keys(weightsOf(artifacts.model.dir).weights));
  const line = JSON.parse(readFileSync(join(dir, 'metrics.jsonl'), 'utf8').split('\n')[0]) as Record<string, number>;
  t.true(Math.abs(line.loss - line.level1 - line.mmd) < 1e-5);
});

const BAD: Record<string, [options: Record<string, unknown>, message: RegExp]> = {
  'a domain of one utterance': [
    { objectives: ['mmd'], target: 'corpus-single' },
    /'corpus-single' has 1 utterance, and a domain is compared by 2 or more/,
  ],
  'frame labels of another corpus': [
    { objectives: [{ name: 'phones', labels: 'units-other' }] },
    /labels the frames of 10 utterances of another corpus; this one has 12\. Label the frames of the corpus that is trained on/,
  ],
  'a layer that the network does not have': [
    { objectives: [{ name: 'coral', layer: 'layer9' }], target: 'corpus-target' },
    /'coral' works at the layer 'layer9', and the network has layer1, .*Name one of them/,
  ],
};

for (const [what, [options, message]] of Object.entries(BAD))
  test(`${what} is refused`, async (t) => {
    await t.throwsAsync(runStage({ ...finetune({ init: 'model', steps: 1, ...options }), dir: temporaryFolder(t) }), {
      instanceOf: UserError,
      message,
    });
  });

test('stored features have units, phones and a target, which must be of stored features, too', async (t) => {
  const dir = temporaryFolder(t);
  const features = { ...smallFeatures, cmn: false };
  const noise = (i: number) => ({ frames: 45 + i, data: normals((45 + i) * BINS, `stored ${i}`) });
  const matrices = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`u${i}`, noise(i)]));
  const corpus = await storedCorpus(join(dir, 'corpus'), matrices, features);
  const target = await storedCorpus(join(dir, 'target'), { u6: noise(6), u7: noise(7), u8: noise(8) }, features);
  const stored = { corpus, 'corpus-target': target, 'corpus-recordings': artifacts.corpus };
  const made = (stage: string, options: Record<string, unknown>, inputs = {}) =>
    runStage({ registry, dir: join(dir, stage), stage, options, artifacts: { ...stored, ...inputs } });
  const units = await made('units', { corpus: 'corpus', units: 3, iterations: 1 });
  const clusters = await made('labels', { corpus: 'corpus', least: 1 });
  const objectives = ['mmd', { name: 'phones', labels: 'units' }];
  const options = { ...TRAINING, backbone: { name: 'tdnn', width: 4, embeddingSize: 4 }, objectives, steps: 1 };
  const trained = await made('finetune', { ...options, target: 'corpus-target' }, { units, clusters });
  const [line] = readFileSync(join(trained.dir, 'metrics.jsonl'), 'utf8').split('\n');
  t.true(JSON.parse(line).mmd > 0 && JSON.parse(line).phones > 0);
  await t.throwsAsync(made('finetune', { ...options, target: 'corpus-recordings' }, { units, clusters }), {
    instanceOf: UserError,
    message: /the corpus holds stored features, and 'corpus-recordings' holds recordings\. Give two corpora/,
  });
});

test('what cannot work is told before the run', async (t) => {
  const faults = (options: Record<string, unknown>) => checkStage(finetune({ init: 'model', steps: 1, ...options }));
  t.regex((await faults({ objectives: ['mmd'] }))[0], /'mmd' compares the corpus with a target\. Give `target`/);
  t.regex(
    (await faults({ target: 'corpus-target' }))[0],
    /target: nothing compares it with the corpus\. Choose an objective/,
  );
  t.regex((await faults({ target: 'corpus', objectives: ['coral'] }))[0], /is the corpus itself/);
  t.regex((await faults({ domainNorms: true }))[0], /one domain without `target`/);
  t.regex(
    (await faults({ adapters: {}, freeze: { parts: ['*'] } }))[0],
    /freeze: with adapters, nothing else is trained/,
  );
  t.regex(
    (await faults({ objectives: [{ name: 'phones', labels: 'units' }], speeds: [1, 0.9] }))[0],
    /speeds: labels of frames/,
  );
  t.deepEqual(await faults({ objectives: OBJECTIVES, target: 'corpus-target' }), []);
});
