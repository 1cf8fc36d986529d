import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readModel } from '../../../src/embed/model-file.js';
import { UserError } from '../../../src/errors.js';
import { readSafetensors } from '../../../src/io/safetensors.js';
import { readClassifier } from '../../../src/train/classifier/classifier-file.js';
import { voiceCorpus } from '../../helpers/corpora/voices.js';
import { artifactAt, checkStage, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { BINS } from '../../helpers/training/small-training.js';

const FILES = [
  'metrics.jsonl',
  'checkpoint.safetensors',
  'models/network/model.safetensors',
  'models/network/classifier.safetensors',
];

const SCRATCH = {
  corpus: 'corpus',
  clusters: 'clusters',
  features: { bins: BINS },
  cropSeconds: 0.3,
  backbone: { name: 'tdnn', width: 8, embeddingSize: 6 },
  batchSize: 4,
  epochs: 3,
  rate: { peak: 0.01 },
};

/** A corpus of 18 utterances by four speakers, all of them labelled. */
async function labelledCorpus(t: ExecutionContext) {
  const registry = newRegistry();
  const corpusDir = temporaryFolder(t);
  await voiceCorpus(
    corpusDir,
    Array.from({ length: 18 }, (_, i) => 2500 + 700 * (i % 7)),
  );
  const corpus = artifactAt(corpusDir, 'corpus', { path: null });
  const options = { corpus: 'corpus' };
  const clusters = await runStage({
    registry,
    stage: 'labels',
    dir: temporaryFolder(t),
    options,
    artifacts: { corpus },
  });
  return { registry, artifacts: { corpus, clusters } };
}

const metricsOf = (dir: string): Record<string, number>[] =>
  readFileSync(join(dir, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const TRAININGS: Record<string, Record<string, unknown>> = {
  'from scratch at three speeds, by lengths, with a rising margin, parts frozen, and the mean of the last epochs': {
    margin: { fromEpoch: 0, toEpoch: 2 },
    sampling: { kind: 'length-buckets', shortestSeconds: 0.15, lengths: 2 },
    speeds: [1, 0.9, 1.1],
    average: 2,
    freeze: { parts: ['*/layer1/*'], untilEpoch: 1 },
    backboneRate: 0.5,
    augmentation: ['random-channel'],
  },
  'classes balanced, micro-batches, and the mean over steps': {
    sampling: { kind: 'class-balanced' },
    accumulate: 2,
    average: { decay: 0.9 },
    optimizer: { name: 'sgd', nesterov: true },
  },
  'a self-teacher of two layers beside the network, in micro-batches': {
    selfTeacher: { layers: ['layer4', 'layer2'], width: 1.5 },
    accumulate: 2,
  },
  'a loss that compares utterances': { loss: { name: 'ge2e', utterancesPerSpeaker: 2 } },
};

for (const [title, more] of Object.entries(TRAININGS)) {
  test(`${title}; a stopped run ends with the same bits`, async (t) => {
    const { registry, artifacts } = await labelledCorpus(t);
    const attempt = { registry, artifacts, stage: 'finetune', options: { ...SCRATCH, ...more } };
    const whole = await runStage({ ...attempt, dir: temporaryFolder(t) });
    const stopped = { ...attempt, dir: temporaryFolder(t) };
    await t.throwsAsync(runStage({ ...stopped, stopAt: 5 }), { message: 'stopped' });
    const resumed = await runStage({ ...stopped, resume: true });
    t.deepEqual(resumed.result, whole.result);
    for (const file of FILES)
      t.true(readFileSync(join(resumed.dir, file)).equals(readFileSync(join(whole.dir, file))), file);
    const losses = metricsOf(whole.dir).map(({ loss }) => loss);
    t.true(losses.length >= 8 && losses.every(Number.isFinite));
  });
}

test('large-margin fine-tuning keeps the classifier of three speeds, and goes on at one of them', async (t) => {
  const { registry, artifacts } = await labelledCorpus(t);
  const base = { registry, stage: 'finetune' };
  const speeds = { speeds: [1, 0.9, 1.1], average: 2 };
  const model = await runStage({ ...base, artifacts, options: { ...SCRATCH, ...speeds }, dir: temporaryFolder(t) });
  t.like(model.result, { classes: 12, averagedEpochs: 2, steps: 12 });
  const folder = join(model.dir, 'models', 'network');
  const first = readClassifier(folder);
  const loss = { loss: 'aam-softmax', options: { margin: 0.2, scale: 32 } };
  t.deepEqual(first.info, { ...loss, speakers: 4, speeds: 3 });
  t.deepEqual(first.weights.prototypes.shape, [6, 12]);
  t.is(readModel(folder).info.origin, 'classifier');
  // What is written is the mean, not the last weights.
  const last = readSafetensors(join(model.dir, 'checkpoint.safetensors')).tensors;
  t.notDeepEqual(last['network/classifier/prototypes'].data, first.weights.prototypes.data);

  const { backbone: _, features: __, ...tuning } = SCRATCH;
  const options = {
    ...tuning,
    init: 'model',
    classifier: 'keep',
    loss: { name: 'aam-softmax', margin: 0.5 },
    cropSeconds: 0.4,
    rate: { kind: 'constant', peak: 1e-12 },
  };
  const all = { ...artifacts, model };
  const tuned = await runStage({ ...base, artifacts: all, options, dir: temporaryFolder(t) });
  t.like(tuned.result, { classes: 12 });
  const second = readClassifier(join(tuned.dir, 'models', 'network'));
  t.deepEqual(second.info, { ...first.info, options: { margin: 0.5, scale: 32 } });
  const [start, end] = [model, tuned].map(({ dir }) => readModel(join(dir, 'models', 'network')).weights);
  for (const name of Object.keys(start).filter((own) => !/\/(mean|variance)$/.test(own)))
    t.true(
      start[name].data.every((value, i) => Math.abs(Number(value) - Number(end[name].data[i])) < 1e-6),
      name,
    );
  const [before, after] = [first, second].map(({ weights }) => [...weights.prototypes.data].map(Number));
  t.true(before.every((value, i) => Math.abs(value - after[i]) < 1e-6));

  const refuse = (more: Record<string, unknown>, message: RegExp, inputs = all) =>
    t.throwsAsync(runStage({ ...base, artifacts: inputs, options: { ...options, ...more }, dir: temporaryFolder(t) }), {
      instanceOf: UserError,
      message,
    });
  await refuse({ speeds: [1, 0.9, 1.1, 0.8] }, /knows 4 speakers at 3 speeds, and there are 4 at 4/);
  await refuse({ loss: 'am-softmax' }, /one of 'aam-softmax', and the loss is 'am-softmax'/);
});

test('a self-teacher changes what is learned, and is no part of the model', async (t) => {
  const { registry, artifacts } = await labelledCorpus(t);
  const train = async (more: Record<string, unknown>) => {
    const options = { ...SCRATCH, epochs: 1, ...more };
    return runStage({ registry, artifacts, stage: 'finetune', options, dir: temporaryFolder(t) });
  };
  const [alone, taught] = [await train({}), await train({ selfTeacher: {} })];
  const folders = [alone, taught].map(({ dir }) => join(dir, 'models', 'network'));
  const models = folders.map((folder) => readModel(folder));
  t.deepEqual(models[1].info, models[0].info);
  t.deepEqual(Object.keys(models[1].weights), Object.keys(models[0].weights));
  t.notDeepEqual(models[1].weights, models[0].weights);
  const classifiers = folders.map((folder) => readClassifier(folder));
  t.deepEqual(Object.keys(classifiers[1].weights), Object.keys(classifiers[0].weights));
  const { tensors } = readSafetensors(join(taught.dir, 'checkpoint.safetensors'));
  t.true('self-teacher/pyramid/lateral4/conv/weight' in tensors, 'all four layers are heard');
  for (const line of metricsOf(taught.dir)) {
    const { loss, classification, teacherLoss, teacherAccuracy, posteriors, attention } = line;
    t.true(Math.abs(loss - (classification + teacherLoss + 2 * posteriors + attention)) < 1e-4 * loss);
    t.true(teacherLoss > 0 && posteriors > 0 && attention > 0 && attention <= 8);
    t.true(teacherAccuracy >= 0 && teacherAccuracy <= 1);
  }
  const refused = (layers: string[], message: RegExp) =>
    t.throwsAsync(train({ selfTeacher: { layers } }), { instanceOf: UserError, message });
  await refused(['layer1', 'layr2'], /selfTeacher\.layers: the network has no layer 'layr2'; did you mean .*'layer2'/);
  await refused(
    ['layer1', 'pooled'],
    /'pooled' is one vector for the utterance.*: layer1, layer2, layer3, layer4, frames/,
  );
  await refused(['layer1', 'layer1'], /'layer1' is one\. Its layers of frames are: layer1,/);
  await t.throwsAsync(train({ selfTeacher: {}, backbone: { name: 'resnet18', width: 2, embeddingSize: 4 } }), {
    instanceOf: UserError,
    message: /names fewer\. Its layers of frames are: frames\./,
  });
});

test('the two ways to start, and what does not go together, are checked before the run', async (t) => {
  const registry = newRegistry();
  const here = artifactAt('.', 'x');
  const artifacts = { corpus: here, clusters: here, model: here, embeddings: here };
  const faults = async (more: Record<string, unknown>) => {
    const entries = Object.entries({ ...SCRATCH, ...more }).filter(([, value]) => value !== undefined);
    const found = await checkStage({ registry, artifacts, stage: 'finetune', options: Object.fromEntries(entries) });
    return found.join('\n');
  };
  t.is(await faults({}), '');
  t.is(await faults({ init: 'model', backbone: undefined, features: undefined }), '');
  t.regex(await faults({ backbone: undefined }), /init, backbone: give one of them:/);
  t.regex(await faults({ init: 'model', features: undefined }), /give one of them only/);
  t.regex(await faults({ init: 'model', backbone: undefined }), /features: the init's are kept/);
  t.regex(await faults({ classifier: 'keep' }), /no classifier to keep without `init`/);
  t.regex(
    await faults({
      init: 'model',
      backbone: undefined,
      features: undefined,
      classifier: 'keep',
      prototypes: 'embeddings',
    }),
    /prototypes: they would replace/,
  );
  t.regex(await faults({ margin: { fromEpoch: 1, toEpoch: 5 } }), /toEpoch: 5 is after the end \(epochs: 3\)/);
  t.regex(await faults({ sampling: { lengths: 3 } }), /have no effect with shuffled batches/);
  t.regex(await faults({ sampling: { kind: 'length-buckets', shortestSeconds: 0.3 } }), /not below cropSeconds/);
  t.regex(await faults({ loss: 'ge2e', sampling: { kind: 'class-balanced' } }), /makes batches of its own/);
  const correction = { fromEpoch: 2 };
  t.regex(await faults({ loss: 'ge2e', gate: 'dynamic', correction }), /'ge2e' has no class scores/);
  t.regex(await faults({ correction }), /only samples that a gate rejects/);
  t.is(await faults({ selfTeacher: { layers: ['layer1', 'layer3'], posteriors: { name: 'kl', temperature: 2 } } }), '');
  t.regex(await faults({ selfTeacher: {}, loss: 'ge2e' }), /'ge2e' has no class scores, which it would teach/);
  t.regex(await faults({ selfTeacher: { posteriors: 'cosine' } }), /'cosine' compares vectors, and not class scores/);
  const decoupled = { selfTeacher: { posteriors: 'decoupled-kl' } };
  t.is(await faults(decoupled), '');
  t.regex(await faults({ ...decoupled, gate: 'dynamic' }), /'decoupled-kl' asks for the class of every sample/);
});
