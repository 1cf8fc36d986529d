import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readModel } from '../../../src/embed/model-file.js';
import { weightsIdentity } from '../../../src/embed/weights-identity.js';
import { UserError } from '../../../src/errors.js';
import { readSafetensors } from '../../../src/io/safetensors.js';
import { loadConfig } from '../../../src/pipeline/config/config.js';
import { predictPeak } from '../../../src/pipeline/memory/predict-peak.js';
import { sketchStages } from '../../../src/pipeline/memory/sketches.js';
import { readClassifier } from '../../../src/train/classifier/classifier-file.js';
import { voiceCorpus } from '../../helpers/corpora/voices.js';
import { artifactAt, checkStage, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { BINS } from '../../helpers/training/small-training.js';

const FILES = ['metrics.jsonl', 'checkpoint.safetensors', 'models/network/model.safetensors'];

const TRAINING = { corpus: 'corpus', cropSeconds: 0.4, batchSize: 4, rate: { peak: 0.01 } };
const STUDENT = { ...TRAINING, backbone: { name: 'tdnn', width: 8, embeddingSize: 6 }, steps: 8 };

const registry = newRegistry();
const root = mkdtempSync(join(tmpdir(), 'voxloop-test-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

/** A corpus of 18 utterances by four speakers, their labels, and two teachers that were trained on them. */
let artifacts: Awaited<ReturnType<typeof makeSchool>>;
test.before(async () => {
  artifacts = await makeSchool();
});
const base = () => ({ registry, artifacts, stage: 'distill' });

async function makeSchool() {
  const corpusDir = join(root, 'corpus');
  await voiceCorpus(
    corpusDir,
    Array.from({ length: 18 }, (_, i) => 6500 + 700 * (i % 7)),
  );
  const corpus = artifactAt(corpusDir, 'corpus', { path: null });
  const made = (name: string) => ({ registry, dir: join(root, name) });
  const labels = { stage: 'labels', options: { corpus: 'corpus' }, artifacts: { corpus } };
  const clusters = await runStage({ ...made('labels'), ...labels });
  const teacher = (name: string, backbone: Record<string, unknown>, bins: number) => {
    const options = { ...TRAINING, clusters: 'clusters', steps: 2, backbone, features: { bins }, speeds: [1, 0.9] };
    return runStage({ ...made(name), stage: 'finetune', options, artifacts: { corpus, clusters } });
  };
  const model = await teacher('model', { name: 'tdnn', width: 12, embeddingSize: 10 }, BINS);
  const other = await teacher('other', { name: 'xvector', width: 8, embeddingSize: 10 }, 20);
  const storing = { corpus: 'corpus', teachers: ['model'], layers: ['embedding'] };
  const outputs = await runStage({
    registry,
    dir: join(root, 'outputs'),
    stage: 'teacher-outputs',
    options: storing,
    artifacts: { corpus, model },
  });
  return { corpus, clusters, model, 'model-other': other, outputs };
}

const DISTILLATIONS: Record<string, Record<string, unknown>> = {
  'two teachers of other features, frames and embeddings, relations, micro-batches and the mean over steps': {
    teachers: ['model', 'model-other'],
    levels: [{ loss: 'cosine' }, { student: 'layer2', teacher: 'frames', loss: 'mean-square' }, { loss: 'relations' }],
    batchSize: 8,
    accumulate: 2,
    average: { decay: 0.9 },
    augmentation: ['random-channel'],
  },
  'class scores and labels at two speeds with a rising margin': {
    teachers: ['model'],
    clusters: 'clusters',
    levels: [{ loss: { name: 'decoupled-kl' } }, { teacher: ['pooled', 'frames'], loss: { name: 'cosine' } }],
    margin: { fromEpoch: 0, toEpoch: 1 },
    labelWeight: 0.5,
    speeds: [1, 0.9],
  },
  'a student in two bits by k-means, averaged over steps': {
    teachers: ['model'],
    levels: [{ loss: 'cosine' }, { student: 'layer2', teacher: 'frames', loss: 'mean-square' }],
    quantize: { bits: 2, method: 'k-means', scales: 'layer' },
    average: { decay: 0.5 },
  },
  'outputs that were stored, and relations between them': {
    teachers: ['model'],
    stored: 'outputs',
    levels: [{ loss: 'cosine' }, { loss: 'relations' }],
    augmentation: ['random-channel'],
    batchSize: 8,
    accumulate: 2,
  },
};

for (const [title, more] of Object.entries(DISTILLATIONS))
  test(`${title}: a killed run ends with the same bits, and without the teacher in its checkpoint`, async (t) => {
    const attempt = { ...base(), options: { ...STUDENT, ...more } };
    const whole = await runStage({ ...attempt, dir: temporaryFolder(t) });
    const stopped = { ...attempt, dir: temporaryFolder(t) };
    await t.throwsAsync(runStage({ ...stopped, stopAt: 3 }), { message: 'stopped' });
    // As a kill two steps later leaves it, before the next checkpoint: the lines of the metrics are ahead.
    const logged = readFileSync(join(whole.dir, 'metrics.jsonl'), 'utf8').split('\n').slice(0, 5);
    writeFileSync(join(stopped.dir, 'metrics.jsonl'), `${logged.join('\n')}\n`);
    const resumed = await runStage({ ...stopped, resume: true });
    t.deepEqual(resumed.result, whole.result);
    for (const file of FILES)
      t.true(readFileSync(join(resumed.dir, file)).equals(readFileSync(join(whole.dir, file))), file);
    const names = Object.keys(readSafetensors(join(whole.dir, 'checkpoint.safetensors')).tensors);
    t.false(names.some((name) => name.startsWith('teacher/')));
    const lines = readFileSync(join(whole.dir, 'metrics.jsonl'), 'utf8').trim().split('\n');
    const first = JSON.parse(lines[0]) as Record<string, number>;
    t.true(Number.isFinite(first.level1) && Number.isFinite(first.level2));
    t.is('classification' in first, 'clusters' in more);
    t.is(readModel(join(whole.dir, 'models', 'network')).packed !== undefined, 'quantize' in more);
  });

test('a student says who its teachers are, and its classifier can be kept', async (t) => {
  const options = { ...STUDENT, teachers: ['model'], levels: [{ loss: 'kl' }], steps: 2, speeds: [1, 0.9] };
  const { dir, result } = await runStage({ ...base(), dir: temporaryFolder(t), options });
  t.like(result, { steps: 2, classes: 8, embeddingSize: 6, networks: ['network'] });
  const { parameters, teacherParameters } = result as Record<string, number>;
  const { info, weights } = readModel(join(dir, 'models', 'network'));
  const { format: _, ...teacher } = readModel(join(artifacts.model.dir, 'models', 'network')).info;
  t.is(info.origin, 'student of classifier');
  t.deepEqual(info.features, teacher.features);
  t.deepEqual(info.teachers, [teacher]);
  t.is(info.space, undefined, 'class scores make no common space');
  // The last normalisation has no weights, and running statistics are not trained.
  const trained = Object.entries(weights).filter(([name]) => !/mean|variance/.test(name));
  t.is(
    parameters,
    trained.reduce((sum, [, { data }]) => sum + data.length, 0),
  );
  t.true(teacherParameters > parameters);
  t.like(readClassifier(join(dir, 'models', 'network')).info, { loss: 'aam-softmax', speakers: 4, speeds: 2 });
});

test('the memory of a distillation is predicted from the recipe, teacher included', async (t) => {
  const file = fileURLToPath(new URL('../../../../configs/small/distill.yaml', import.meta.url));
  const [{ sketch }] = await sketchStages(await loadConfig({ file, registry }), registry, { only: 'distilled' });
  t.deepEqual(sketch.assumed, []);
  const place = { device: 'cpu' as const, threads: 0 };
  const { parts } = await predictPeak(sketch, { ...sketch, compute: 'float32', batchSize: 4 }, place);
  // Trained are the student's 38,720 weights and 24,375 of a projection; what is not holds the teacher's 327,415.
  t.true(parts.parameters >= 4 * 63_095 && parts.parameters < 4 * 70_000, String(parts.parameters));
  t.true(parts.buffers > 4 * 327_415, String(parts.buffers));
});

const BAD: Record<string, [options: Record<string, unknown>, message: RegExp]> = {
  'a layer that the teacher does not have': [
    { levels: [{ teacher: 'segmet1' }], teachers: ['model-other'] },
    /levels: teacher 'model-other' has no layer 'segmet1'; did you mean 'segment1'\?/,
  ],
  'a layer that the student does not have': [
    { levels: [{ student: 'layer9', teacher: 'frames' }, {}] },
    /levels: the student has no layer 'layer9'; did you mean 'layer1', /,
  ],
  'frames against an utterance': [
    { levels: [{ student: 'frames', teacher: 'embedding' }, {}] },
    /the student's 'frames' has a vector for every frame, the teacher's 'embedding' one for the utterance/,
  ],
  'relations between frames': [
    { levels: [{ student: 'frames', teacher: 'frames', loss: 'relations' }, {}] },
    /relations are between utterances, and the student's 'frames' has a vector for every frame/,
  ],
  'sizes that nothing brings together': [
    { levels: [{ projection: 'never' }] },
    /the student's 'embedding' has 6 numbers and its target 10, and projection: never/,
  ],
  'the mean of layers of different sizes': [
    { teachers: ['model', 'model-other'], combine: 'average', levels: [{ teacher: 'pooled' }] },
    /combine: average: the teachers' pooled have 24 and 46 numbers/,
  ],
  'the same view in other features': [
    { teacherHears: 'same', augmentation: ['gain'], features: { bins: 24 } },
    /teacherHears: same: teacher 'model' hears features of another definition: bins is 16 there and 24 here/,
  ],
  'a teacher that is not among the stored ones': [
    { teachers: ['model', 'model-other'], stored: 'outputs' },
    /stored: teacher 'model-other' is not among those in 'outputs': 'model'\./,
  ],
  'a layer that was not stored': [
    { stored: 'outputs', levels: [{ teacher: 'pooled' }] },
    /levels: teacher 'model' as stored in 'outputs' has no layer 'pooled'/,
  ],
  'frames against what was stored': [
    { stored: 'outputs', levels: [{ student: 'frames' }, {}] },
    /the student's 'frames' has a vector for every frame, the teacher's 'embedding' one for the utterance/,
  ],
  'frame rates that do not fit': [
    { features: { bins: 16, frameShiftMs: 15 }, levels: [{ student: 'frames', teacher: 'frames' }, {}] },
    /follow each other every 10 ms, those of the student's 'frames' every 15 ms/,
  ],
};

test('networks that do not fit each other are refused with the reason, before the first step', async (t) => {
  for (const [what, [more, message]] of Object.entries(BAD)) {
    const options = { ...STUDENT, teachers: ['model'], ...more };
    const dir = temporaryFolder(t);
    await t.throwsAsync(runStage({ ...base(), dir, options }), { instanceOf: UserError, message }, what);
  }
});

test('class scores ask for a teacher with a classifier that knows the labels', async (t) => {
  const run = (more: Record<string, unknown>, others = {}) => {
    const options = { ...STUDENT, teachers: ['model'], levels: [{ loss: 'kl' }], ...more };
    return runStage({
      registry,
      artifacts: { ...artifacts, ...others },
      stage: 'distill',
      dir: temporaryFolder(t),
      options,
    });
  };
  const { dir } = await runStage({
    registry,
    artifacts,
    stage: 'distill',
    dir: temporaryFolder(t),
    options: { ...STUDENT, backbone: { ...STUDENT.backbone, embeddingSize: 10 }, teachers: ['model'], steps: 1 },
  });
  const networkAt = (folder: string) => readModel(join(folder, 'models', 'network'));
  t.deepEqual(
    networkAt(dir).info.space,
    weightsIdentity(networkAt(artifacts.model.dir)),
    'its embeddings are compared',
  );
  const without = artifactAt(dir, 'distill', { networks: ['network'] });
  await t.throwsAsync(run({ teachers: ['model-without'] }, { 'model-without': without }), {
    instanceOf: UserError,
    message: /holds no classifier \(classifier\.safetensors is missing\).*Compare vectors instead of class scores/,
  });
  await t.throwsAsync(run({ clusters: 'clusters', speeds: [1, 0.9, 1.1] }), {
    instanceOf: UserError,
    message: /knows 4 speakers at 2 speeds, and there are 4 at 3\. .* or compare vectors, not class scores/,
  });
});

test('options that cannot work together are all named before the run', async (t) => {
  const faults = (options: Record<string, unknown>) =>
    checkStage({ ...base(), options: { ...STUDENT, teachers: ['model'], ...options } });
  t.deepEqual(await faults({}), []);
  t.deepEqual(await faults({ clusters: 'clusters', levels: [{ loss: 'decoupled-kl' }] }), []);
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ levels: [{ loss: 'decoupled-kl' }] }, /levels\[0\]: 'decoupled-kl' asks for the class of each utterance/],
    [{ levels: [{ loss: 'kl', student: 'embedding' }] }, /levels\[0\]: 'kl' compares class scores; student, teacher/],
    [{ levels: [{ student: 'frames', teacher: 'frames' }] }, /nothing would train the student's embedding/],
    [{ levels: [{ loss: 'kl' }], loss: 'triplet' }, /loss: 'triplet' has no class scores that 'kl' could compare/],
    [{ levels: [{ loss: 'relations' }], batchSize: 2 }, /relations: it compares triples .* at least 3 utterances/],
    [{ labelWeight: 2 }, /labelWeight: there are no labels without `clusters`/],
    [{ margin: { fromEpoch: 0, toEpoch: 1 } }, /margin: there are no labels without `clusters`/],
    [{ sampling: { kind: 'class-balanced' } }, /sampling\.kind: class-balanced batches need labels/],
    [{ teachers: ['model', 'model'] }, /teachers: 'model' stands there twice/],
    [{ combine: 'average' }, /combine: there is one teacher, and nothing to combine/],
    [{ teacherHears: 'same' }, /teacherHears: same: without augmentation both hear the same anyway/],
    [{ backbone: undefined }, /init, backbone: give one of them/],
    [{ accumulate: 3 }, /accumulate: 3 does not cut batchSize: 4/],
    [{ stored: 'outputs', speeds: [1, 0.9] }, /stored: outputs are of utterances as they are, not at other speeds/],
    [{ stored: 'outputs', levels: [{ loss: 'kl' }] }, /stored: class scores are not stored/],
    [
      { stored: 'outputs', teacherHears: 'same', augmentation: ['gain'] },
      /teacherHears: same: outputs were stored before/,
    ],
    [{ quantize: { bits: 3 } }, /quantize\.bits 3: codes of 3 bits do not fill bytes\. Choose 8, 4, 2, 1/],
    [
      { quantize: { bits: 4, method: 'ternary' } },
      /quantize\.method ternary: it has no codes of 4 bits\. Give quantize\.bits 2/,
    ],
  ];
  for (const [options, message] of cases) t.regex((await faults(options)).join(' '), message);
});
