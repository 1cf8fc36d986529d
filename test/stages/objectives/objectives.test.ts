import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { planHostFbank } from '../../../src/audio/features/host-fbank.js';
import { openShards, readUtterance } from '../../../src/data/shards/shards.js';
import { noiseOf } from '../../../src/embed/hearing.js';
import { readModel } from '../../../src/embed/model-file.js';
import { UserError } from '../../../src/errors.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import { readNpy } from '../../../src/io/npy.js';
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

test('units name the nearest of their centres for every frame', (t) => {
  const { names, shiftMs, offsetMs, labelled } = artifacts.units.result as Record<string, unknown>;
  t.deepEqual([names, shiftMs, offsetMs, labelled], [['0', '1', '2', '3', '4'], 10, 7.5, 1]);
  const bytes = readFileSync(join(root, 'units', 'labels.i16'));
  const labels = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const frames = LENGTHS.map((samples) => 1 + Math.floor((samples - 400) / 160));
  t.is(
    labels.length,
    frames.reduce((a, b) => a + b),
  );
  // The nearest, by the features that the host computes of what is heard: the recording and the noise that covers silence.
  const { data: centers } = readNpy(join(root, 'units', 'centers.npy'));
  const fbank = planHostFbank(smallFeatures);
  let [at, same] = [0, 0];
  for (const [utterance, samples] of LENGTHS.entries()) {
    const noise = noiseOf(samples);
    const pcm = readUtterance(openShards(join(root, 'corpus', 'shards', 'train')), utterance);
    const energies = fbank(Float32Array.from(pcm, (value, i) => (value + noise[i]) / 32768));
    const count = energies.length / BINS;
    const means = Array.from({ length: BINS }, (_, bin) => {
      let sum = 0;
      for (let i = bin; i < energies.length; i += BINS) sum += energies[i] / count;
      return sum;
    });
    for (let frame = 0; frame < count; frame++) {
      const distances = [0, 1, 2, 3, 4].map((unit) =>
        means.reduce(
          (sum, mean, bin) => sum + (energies[frame * BINS + bin] - mean - Number(centers[unit * BINS + bin])) ** 2,
          0,
        ),
      );
      if (labels[at++] === distances.indexOf(Math.min(...distances))) same++;
    }
  }
  // Frames halfway between two centres may go either way by rounding.
  t.true(same >= 0.99 * labels.length, `${same} of ${labels.length}`);
});

const ALIGNED = LENGTHS.map((_, i) => `utterance-${i} 0.0 0.2 a_B\nutterance-${i} 0.2 0.2 b_E\n`).join('');

test('an alignment labels frames by phone, endings of word positions apart', async (t) => {
  const dir = temporaryFolder(t);
  writeFileSync(join(dir, 'ali.txt'), ALIGNED);
  const { result } = await runStage({
    registry,
    artifacts,
    stage: 'alignments',
    options: { corpus: 'corpus', file: join(dir, 'ali.txt') },
    dir,
  });
  t.like(result, { kind: 'class', names: ['a', 'b'], shiftMs: 10, utterances: LENGTHS.length });
  const bytes = readFileSync(join(dir, 'labels.i16'));
  const labels = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const frames = LENGTHS.map((samples) => Math.floor(samples / 160));
  t.deepEqual(
    [...labels],
    frames.flatMap((count) => Array.from({ length: count }, (_, i) => (i < 20 ? 0 : i < 40 ? 1 : -1))),
  );

  // 2.01 s, whose thousandfold is a little less than 2010 in floating point.
  await voiceCorpus(join(dir, 'exact'), [32160]);
  const corpus = artifactAt(join(dir, 'exact'), 'corpus', { path: null });
  writeFileSync(join(dir, 'exact.txt'), 'utterance-0 0 2 a\nutterance-0 2 0.01 b\n');
  const options = { corpus: 'corpus', file: join(dir, 'exact.txt') };
  const exact = await runStage({
    registry,
    artifacts: { corpus },
    stage: 'alignments',
    options,
    dir: join(dir, 'labels'),
  });
  t.like(exact.result, { labelled: 1 });
  t.deepEqual([...readNpy(join(dir, 'labels', 'frames.npy')).data], [201]);
});

test('posteriors of a frame classifier become soft labels; logarithms, and rows beyond the audio, are refused', async (t) => {
  const dir = temporaryFolder(t);
  const posteriors = join(dir, 'post.ark');
  const options = { corpus: 'corpus', posteriors };
  const write = (rows: string) => writeFileSync(posteriors, `utterance-3  [\n${rows} ]\n`);
  write('0.25 0.75\n1 0');
  const { result } = await runStage({ registry, artifacts, stage: 'alignments', options, dir });
  t.like(result, { kind: 'shares', names: ['0', '1'], shiftMs: 10 });
  // 0.25, 0.75, 1 and 0 as float16.
  t.is(readFileSync(join(dir, 'shares.f16')).toString('hex'), '0034003a003c0000');
  const bad = async (rows: string, message: RegExp) => {
    write(rows);
    await t.throwsAsync(runStage({ registry, artifacts, stage: 'alignments', options, dir }), {
      instanceOf: UserError,
      message,
    });
  };
  await bad('-1.4 -0.3', /row 0 sums to -1\.70: these are no posteriors\. Give probabilities/);
  writeFileSync(posteriors, 'utterance-3  [ 0.25 0.75 ]\n');
  await t.throwsAsync(runStage({ registry, artifacts, stage: 'alignments', options, dir }), {
    instanceOf: UserError,
    message: /'utterance-3' is a vector of 2 numbers, and posteriors are a matrix/,
  });
  await bad('1 0\n'.repeat(90), /'utterance-3' has 90 rows, one every 10 ms, and its audio has 0\.54 s/);
});

const BAD_ALIGNMENTS: Record<string, [text: string, more: Record<string, unknown>, message: RegExp]> = {
  'longer than the audio': [
    'utterance-0 0 0.9 a\nutterance-1 0 0.2 b\n',
    {},
    /'a' of 'utterance-0' ends at 0\.9 s, and its audio has 0\.406 s.*slackSeconds/,
  ],
  'of overlapping phones': [
    'utterance-0 0 0.2 a\nutterance-0 0.1 0.2 b\n',
    {},
    /lines 1 and 2: .* overlap.*take the utterance out/,
  ],
  'of utterances that are not there': [
    'someone 0 0.2 a\nutterance-0 0 0.2 b\n',
    {},
    /1 utterances are not in the corpus .*'someone'.*strays: leave-out/,
  ],
  'of phones that are not in the list': [
    ALIGNED,
    { phones: 'phones.txt' },
    /1 phones are not in the list of phones: 'b'\. Correct the names/,
  ],
  'of one phone': ['utterance-0 0 0.2 a\n', {}, /tells 1 phones apart; two are needed/],
};

for (const [what, [text, more, message]] of Object.entries(BAD_ALIGNMENTS))
  test(`an alignment ${what} is refused`, async (t) => {
    const dir = temporaryFolder(t);
    writeFileSync(join(dir, 'ali.txt'), text);
    writeFileSync(join(dir, 'phones.txt'), 'a 1\nc 2\n');
    const phones = 'phones' in more ? { phones: join(dir, 'phones.txt') } : {};
    const options = { corpus: 'corpus', file: join(dir, 'ali.txt'), ...phones };
    await t.throwsAsync(runStage({ registry, artifacts, stage: 'alignments', options, dir }), {
      instanceOf: UserError,
      message,
    });
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
