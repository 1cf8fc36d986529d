import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { defineGate, z } from '../../src/index.js';
import { writeNpy } from '../../src/io/npy.js';
import { readSafetensors } from '../../src/io/safetensors.js';
import type { Artifact } from '../../src/plugin/stage.js';
import { readMetrics } from '../../src/train/metrics-log.js';
import { voiceCorpus } from '../helpers/corpora/voices.js';
import { type Attempt, artifactAt, newRegistry, runStage } from '../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { BINS, DINO } from '../helpers/training/small-training.js';

// Shorter and longer than the crops.
const LENGTHS = Array.from({ length: 14 }, (_, i) => 3000 + 700 * i);
const STEPS = 8;

const TRAINING = {
  batchSize: 4,
  steps: STEPS,
  optimizer: { name: 'adamw', weightDecay: 0.01, clipNorm: 3 },
  rate: { peak: 0.01, warmup: 0.2 },
  augmentation: ['random-channel'],
};
const PRETRAIN = {
  corpus: 'corpus',
  method: { name: 'dino', ...DINO },
  features: { bins: BINS },
  backbone: { name: 'tdnn', width: 16, embeddingSize: 8 },
  globalSeconds: 0.4,
  localSeconds: 0.25,
  ...TRAINING,
};

async function corpusArtifact(t: ExecutionContext): Promise<Artifact> {
  const dir = temporaryFolder(t);
  await voiceCorpus(dir, LENGTHS);
  return artifactAt(dir, 'corpus', { path: null });
}

/** Runs the stage to its end; stopped after each number of `stops`, and resumed. */
async function withStops(t: ExecutionContext, attempt: Attempt, stops: number[]): Promise<Artifact> {
  for (const [i, stopAt] of stops.entries()) {
    await t.throwsAsync(() => runStage({ ...attempt, resume: i > 0, stopAt }), { message: 'stopped' });
    t.is(readMetrics(join(attempt.dir, 'metrics.jsonl')).length, stopAt);
  }
  return runStage({ ...attempt, resume: stops.length > 0 });
}

/** Asserts that two runs left the same bytes and results. */
function sameRun(t: ExecutionContext, a: Artifact, b: Artifact, files: string[]): void {
  t.deepEqual(a.result, b.result);
  for (const file of ['metrics.jsonl', 'checkpoint.safetensors', ...files]) {
    t.true(readFileSync(join(a.dir, file)).equals(readFileSync(join(b.dir, file))), file);
  }
  t.is(readMetrics(join(a.dir, 'metrics.jsonl')).length, STEPS);
}

test('a stopped pretraining ends as one that was left alone', async (t) => {
  const registry = newRegistry();
  const corpus = await corpusArtifact(t);
  const attempt = { registry, stage: 'pretrain', options: PRETRAIN, artifacts: { corpus } };
  const run = (stops: number[]) => withStops(t, { ...attempt, dir: temporaryFolder(t) }, stops);
  const undisturbed = await run([]);
  const models = ['teacher', 'student'].map((name) => `models/${name}/model.safetensors`);
  sameRun(t, await run([2, 5]), undisturbed, models);
  t.like(undisturbed.result, { networks: ['teacher', 'student'], steps: STEPS });
});

test('a stopped pretraining with an adversary, at three speeds in micro-batches, ends as one that was left alone', async (t) => {
  const registry = newRegistry();
  const corpus = await corpusArtifact(t);
  const method = { name: 'vicreg', projection: [16, 8] };
  const more = { method, localSeconds: undefined, adversary: { hiddenSize: 8 }, accumulate: 2, speeds: [1, 0.9, 1.1] };
  const attempt = { registry, stage: 'pretrain', options: { ...PRETRAIN, ...more }, artifacts: { corpus } };
  const run = (stops: number[]) => withStops(t, { ...attempt, dir: temporaryFolder(t) }, stops);
  const undisturbed = await run([]);
  const { tensors } = readSafetensors(join(undisturbed.dir, 'checkpoint.safetensors'));
  t.true('ssl/adversary/layer2/weight' in tensors && 'ssl/adversary/norm/variance' in tensors);
  for (const { adversaryLoss, adversaryAccuracy } of readMetrics(join(undisturbed.dir, 'metrics.jsonl'))) {
    t.true(adversaryLoss > 0 && adversaryAccuracy >= 0 && adversaryAccuracy <= 1);
  }
  sameRun(t, await run([3, 6]), undisturbed, ['models/student/model.safetensors']);
});

test('a stopped pretraining with 8-bit states ends as one that was left alone', async (t) => {
  const registry = newRegistry();
  const corpus = await corpusArtifact(t);
  const optimizer = { name: 'adam', weightDecay: 0.01, stateBits: 8, keep32: ['*/layer3/*'] };
  // Wide enough for weights of 4096 values and more.
  const options = { ...PRETRAIN, backbone: { name: 'tdnn', width: 40, embeddingSize: 8 }, optimizer };
  const attempt = { registry, stage: 'pretrain', options, artifacts: { corpus } };
  const run = (stops: number[]) => withStops(t, { ...attempt, dir: temporaryFolder(t) }, stops);
  const undisturbed = await run([]);
  const { tensors } = readSafetensors(join(undisturbed.dir, 'checkpoint.safetensors'));
  const coded = Object.keys(tensors).filter((name) => tensors[name].dtype === 'uint8');
  t.deepEqual(
    coded.flatMap((name) => /\/(mean|square)\/codes\/.*\/(layer\d)\//.exec(name)?.slice(1).join(' ') ?? []).sort(),
    ['mean layer2', 'mean layer4', 'square layer2', 'square layer4'],
  );
  sameRun(t, await run([3, 5]), undisturbed, ['models/student/model.safetensors']);
});

/** Keeps losses up to their mean: a limit that is no float32 number. */
const meanGate = defineGate({
  name: 'mean',
  summary: 'Keeps losses up to their mean.',
  options: z.strictObject({}),
  threshold(losses) {
    const known = losses.filter((loss) => !Number.isNaN(loss));
    return { threshold: known.reduce((sum, loss) => sum + loss, 0) / known.length };
  },
});

test('a stopped fine-tuning ends as one that was left alone, its gate and corrections included', async (t) => {
  const registry = newRegistry();
  registry.add(meanGate, 'test', '');
  const corpus = await corpusArtifact(t);
  const untrained = { registry, stage: 'pretrain', options: { ...PRETRAIN, steps: 0 }, artifacts: { corpus } };
  const model = await runStage({ ...untrained, dir: temporaryFolder(t) });
  const clusters = artifactAt(temporaryFolder(t), 'cluster');
  // Two utterances are noise: three batches an epoch.
  const labels = Int32Array.from(LENGTHS, (_, i) => (i > 11 ? -1 : i % 3));
  writeNpy(join(clusters.dir, 'labels.npy'), [labels.length], labels);
  const options = {
    corpus: 'corpus',
    clusters: 'clusters',
    init: 'model',
    gate: 'mean',
    gateFromEpoch: 1,
    cropSeconds: 0.3,
    ...TRAINING,
    augmentation: [],
    correction: { fromEpoch: 1, confidence: 0 },
  };
  const artifacts = { corpus, clusters, model };
  const run = (stops: number[]) =>
    withStops(t, { registry, stage: 'finetune', options, artifacts, dir: temporaryFolder(t) }, stops);
  const undisturbed = await run([]);
  const lines = readMetrics(join(undisturbed.dir, 'metrics.jsonl'));
  t.deepEqual(
    lines.map(({ gate }) => gate !== undefined),
    [false, false, false, true, true, true, true, true],
  );
  t.true(lines.some(({ kept }) => kept < 1));
  t.true(lines.some(({ corrected }) => corrected > 0));
  t.is(new Set(lines.slice(3, 6).map(({ gate }) => gate)).size, 1);
  t.not(lines[6].gate, lines[3].gate);
  // In the middle of an epoch, after its gate was decided; and at the end of one.
  const losses = readdirSync(join(undisturbed.dir, 'losses')).map((name) => join('losses', name));
  t.true(losses.length > 0);
  const files = ['gate.jsonl', ...losses, 'models/network/model.safetensors'];
  sameRun(t, await run([4, 6]), undisturbed, files);
});
