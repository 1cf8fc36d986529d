import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { defineClustering, defineSsl, UserError, z } from '../../../src/index.js';
import { readSafetensors } from '../../../src/io/safetensors.js';
import type { Artifact } from '../../../src/plugin/stage.js';
import { readMetrics } from '../../../src/train/metrics-log.js';
import { voiceCorpus } from '../../helpers/corpora/voices.js';
import { artifactAt, checkStage, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { BINS, DINO } from '../../helpers/training/small-training.js';

// Four speakers in turn; 3 batches an epoch, 4 epochs.
const UTTERANCES = 14;
const STEPS = 12;

const METHODS = { dino: { name: 'dino', ...DINO }, simclr: { name: 'simclr' } };

const PRESETS = {
  'cluster-aware': { algorithm: { name: 'kmeans', clusters: 4 }, crops: 'all', fromEpoch: 1, everyEpochs: 2 },
  ssps: { from: 'neighbours', neighbours: 3, crops: 'positive', fromEpoch: 1, everyEpochs: 2 },
};

const options = (method: keyof typeof METHODS, positives: Record<string, unknown> | undefined, more = {}) => ({
  corpus: 'corpus',
  method: METHODS[method],
  features: { bins: BINS },
  backbone: { name: 'tdnn', width: 16, embeddingSize: 8 },
  globalSeconds: 0.35,
  localSeconds: method === 'dino' ? 0.2 : undefined,
  augmentation: ['random-channel'],
  batchSize: 4,
  steps: STEPS,
  optimizer: { name: 'adamw', weightDecay: 0.01 },
  rate: { peak: 0.003 },
  positives,
  ...more,
});

async function corpusArtifact(t: ExecutionContext): Promise<Artifact> {
  const dir = temporaryFolder(t);
  await voiceCorpus(
    dir,
    Array.from({ length: UTTERANCES }, (_, i) => 5200 + 200 * i),
  );
  return artifactAt(dir, 'corpus', { path: null });
}

/** Runs the stage to its end; stopped after each number of `stops`, and resumed. */
async function run(t: ExecutionContext, corpus: Artifact, stageOptions: Record<string, unknown>, stops: number[] = []) {
  const lines: string[] = [];
  const registry = newRegistry();
  registry.add(fake, 'test', '');
  const attempt = {
    registry,
    stage: 'pretrain',
    dir: temporaryFolder(t),
    options: stageOptions,
    artifacts: { corpus },
  };
  const log = (line: string) => lines.push(line);
  for (const [i, stopAt] of stops.entries())
    await t.throwsAsync(() => runStage({ ...attempt, log, resume: i > 0, stopAt }), { message: 'stopped' });
  const artifact = await runStage({ ...attempt, log, resume: stops.length > 0 });
  return { ...artifact, lines, metrics: readMetrics(join(attempt.dir, 'metrics.jsonl')) };
}

/** A clustering that gives each row what `labels` say, or fails. */
const fake = defineClustering({
  name: 'fake',
  summary: 'Labels as asked for.',
  options: z.strictObject({ labels: z.enum(['alone', 'noise', 'one', 'failing']) }),
  async cluster({ rows, options: { labels }, log }) {
    log('fake clustering');
    if (labels === 'failing') throw new UserError('nothing to cluster');
    const label = { alone: (i: number) => i, noise: () => -1, one: () => 0 }[labels];
    const rest = { iterations: 1, inertia: 0, centers: new Float32Array(0) };
    return { labels: Int32Array.from({ length: rows }, (_, i) => label(i)), clusters: rows, ...rest };
  },
});

const FILES = ['metrics.jsonl', 'checkpoint.safetensors', 'models/student/model.safetensors'];

for (const method of ['dino', 'simclr'] as const)
  for (const [preset, positives] of Object.entries(PRESETS)) {
    test(`${method}, ${preset}: crops come from other utterances; a stopped run ends as one that was left alone`, async (t) => {
      const corpus = await corpusArtifact(t);
      const stageOptions = options(method, positives);
      const whole = await run(t, corpus, stageOptions);
      const { metrics } = whole;
      t.deepEqual(
        metrics.slice(0, 3).map(({ otherUtterances }) => otherUtterances),
        [0, 0, 0],
      );
      for (const line of metrics.slice(3)) {
        t.true(line.otherUtterances > 0 && line.otherUtterances <= 1, `${line.step}`);
        t.true(line.sameSpeaker >= 0 && line.sameSpeaker <= 1);
      }
      const { positives: result } = whole.result as { positives: { otherUtterances: number; sameSpeaker: number } };
      t.true(result.otherUtterances > 0 && result.sameSpeaker > 0);
      t.is(whole.lines.filter((line) => /embedding 14 utterances before epoch [13]$/.test(line)).length, 2);
      t.is(whole.lines.filter((line) => /% of the utterances have partners, of whom/.test(line)).length, 2);
      // Right before the groups are made, inside their interval, and when the next are due; once, for the method has no part in it.
      const everywhere = method === 'simclr' && preset === 'cluster-aware';
      const stopped = await run(t, corpus, stageOptions, everywhere ? [3, 5, 9] : [5]);
      t.deepEqual(stopped.result, whole.result);
      for (const file of FILES)
        t.true(readFileSync(join(stopped.dir, file)).equals(readFileSync(join(whole.dir, file))), file);
    });
  }

test('finding positives changes nothing else: without draws the training is that without positives', async (t) => {
  const corpus = await corpusArtifact(t);
  const plain = await run(t, corpus, options('dino', undefined));
  const idle = await run(t, corpus, options('dino', { ...PRESETS['cluster-aware'], probability: 0 }));
  t.deepEqual(
    idle.metrics.map(({ otherUtterances: _, ...line }) => line),
    plain.metrics,
  );
  t.true(plain.metrics.every((line) => line.otherUtterances === undefined));
  const read = ({ dir }: Artifact) => readSafetensors(join(dir, 'checkpoint.safetensors')).tensors;
  const { 'host:positives/made': made, ...tensors } = read(idle);
  t.deepEqual([...(made.data as Int32Array)], [3]);
  for (const [name, tensor] of Object.entries(read(plain))) t.deepEqual(tensors[name], tensor, name);
  t.deepEqual((idle.result as { positives: unknown }).positives, { otherUtterances: 0, sameSpeaker: null });
});

for (const labels of ['alone', 'noise'] as const)
  test(`${labels}: crops stay with their own utterance, and a line says so`, async (t) => {
    const corpus = await corpusArtifact(t);
    const stageOptions = options('simclr', { algorithm: { name: 'fake', labels }, fromEpoch: 1 }, { steps: 5 });
    const { lines, metrics } = await run(t, corpus, stageOptions);
    t.true(metrics.every(({ otherUtterances }) => otherUtterances === 0));
    t.is(lines.filter((line) => /warning: every utterance is alone/.test(line)).length, 1);
  });

test('one cluster of all: probability says how many crops draw', async (t) => {
  const corpus = await corpusArtifact(t);
  const positives = { algorithm: { name: 'fake', labels: 'one' }, crops: 'positive', fromEpoch: 0, everyEpochs: 9 };
  const share = async (probability: number) =>
    (
      (await run(t, corpus, options('simclr', { ...positives, probability }))).result as {
        positives: { otherUtterances: number };
      }
    ).positives.otherUtterances;
  t.is(await share(1), 0.5);
  const half = await share(0.5);
  t.true(half > 0.1 && half < 0.4, `${half}`);
});

test('a clustering that fails loses no step: the state is saved, and another algorithm goes on from it', async (t) => {
  const corpus = await corpusArtifact(t);
  const dir = temporaryFolder(t);
  const registry = newRegistry();
  registry.add(fake, 'test', '');
  const attempt = { registry, stage: 'pretrain', dir, artifacts: { corpus } };
  const optionsWith = (labels: string) => options('simclr', { algorithm: { name: 'fake', labels }, fromEpoch: 2 });
  await t.throwsAsync(runStage({ ...attempt, options: optionsWith('failing') }), { message: 'nothing to cluster' });
  t.is(readMetrics(join(dir, 'metrics.jsonl')).length, 6);
  t.is(readSafetensors(join(dir, 'checkpoint.safetensors')).metadata.step, '6');
  await runStage({ ...attempt, options: optionsWith('one'), resume: true });
  t.is(readMetrics(join(dir, 'metrics.jsonl')).length, STEPS);
});

/** A method that asks for batches of ten. */
const greedy = defineSsl({
  name: 'greedy',
  summary: 'Wants ten utterances.',
  options: z.strictObject({ least: z.number().default(10) }),
  views: () => ({ global: 1, local: 0 }),
  check: ({ least }, { batch }) => (batch < least ? [`greedy needs ${least} utterances, not ${batch}`] : []),
  build: () => {
    throw new Error('not to be built');
  },
});

test('the stage says before the run what it, and its method, cannot work with', async (t) => {
  const registry = newRegistry();
  registry.add(greedy, 'test', '');
  registry.add(fake, 'test', '');
  const check = (more: Record<string, unknown>, positives?: Record<string, unknown>) =>
    checkStage({
      registry,
      stage: 'pretrain',
      artifacts: { corpus: artifactAt('', 'corpus') },
      options: options('simclr', positives, more),
    });
  t.deepEqual(await check({}), []);
  t.deepEqual(await check({ method: 'greedy', batchSize: 10 }), []);
  t.deepEqual(await check({ method: 'greedy', batchSize: 20, accumulate: 4 }), ['greedy needs 10 utterances, not 5']);
  const late = { algorithm: { name: 'fake', labels: 'one' }, fromEpoch: 5 };
  t.regex((await check({ steps: undefined, epochs: 5 }, late)).join(), /fromEpoch is 5, but the run has 5 epochs/);
  t.deepEqual(await check({ steps: undefined, epochs: 6 }, late), []);
  await t.throwsAsync(check({}, { fromEpoch: 0 }), { message: /needs a clustering/ });
  t.true((await registry.load('stage', 'pretrain')).convertible?.includes('positives.algorithm'));
});
