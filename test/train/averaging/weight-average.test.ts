import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readModel } from '../../../src/embed/model-file.js';
import { float32, type HostTensor, int32 } from '../../../src/host-tensor.js';
import { readSafetensors } from '../../../src/io/safetensors.js';
import { createWeightAverage } from '../../../src/train/averaging/weight-average.js';
import { voiceCorpus } from '../../helpers/corpora/voices.js';
import { artifactAt, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { BINS } from '../../helpers/training/small-training.js';

/** An average over steps whose weight is their number; which steps it read. */
function counted(epochs: number, batchesPerEpoch: number) {
  const read: number[] = [];
  let now = 0;
  const average = createWeightAverage(epochs, async () => {
    read.push(now);
    return { weight: float32([now, -now]), count: int32([now]) };
  });
  const note = async (from: number, to: number, steps: number) => {
    for (now = from; now <= to; now++) await average.note({ done: now, steps, batchesPerEpoch });
  };
  return { average, read, note };
}

const numbers = (weights: Record<string, HostTensor> | undefined) =>
  weights && Object.fromEntries(Object.entries(weights).map(([name, { data }]) => [name, [...data].map(Number)]));

test('the mean over the ends of the last epochs, counted back from the end', async (t) => {
  const { average, read, note } = counted(3, 4);
  await note(1, 18, 18);
  t.deepEqual(read, [10, 14, 18]);
  t.is(average.mean()?.count, 3);
  t.deepEqual(numbers(average.mean()?.weights), { weight: [14, -14], count: [18] });
});

test('a run of fewer epochs takes those that it has, and never the untrained network', async (t) => {
  const { average, read, note } = counted(10, 4);
  t.is(average.mean(), null);
  t.deepEqual(average.state(), {});
  await note(1, 8, 8);
  t.deepEqual(read, [4, 8]);
  t.deepEqual(numbers(average.mean()?.weights), { weight: [6, -6], count: [8] });
});

test('a resumed run has the same mean, and one that goes back forgets what came later', async (t) => {
  const whole = counted(3, 4);
  await whole.note(1, 14, 18);
  const state = whole.average.state();
  const resumed = counted(3, 4);
  resumed.average.restore(state);
  for (const { note } of [whole, resumed]) await note(15, 18, 18);
  t.deepEqual(resumed.read, [18]);
  t.deepEqual(resumed.average.state(), whole.average.state());
  whole.average.restore(state);
  t.is(whole.average.mean()?.count, 2);
  whole.average.restore({});
  t.is(whole.average.mean(), null);
});

test('the result of a pretraining is the mean of its epochs; a stopped run ends with the same', async (t) => {
  const corpusDir = temporaryFolder(t);
  await voiceCorpus(
    corpusDir,
    Array.from({ length: 13 }, () => 6000),
  );
  const options = {
    corpus: 'corpus',
    method: 'simclr',
    features: { bins: BINS },
    globalSeconds: 0.3,
    average: 2,
    backbone: { name: 'tdnn', width: 16, embeddingSize: 8 },
    batchSize: 4,
    steps: 7,
    rate: { peak: 0.01 },
  };
  const attempt = {
    registry: newRegistry(),
    stage: 'pretrain',
    options,
    artifacts: { corpus: artifactAt(corpusDir, 'corpus', { path: null }) },
  };
  const whole = await runStage({ ...attempt, dir: temporaryFolder(t) });
  t.like(whole.result, { averagedEpochs: 2, networks: ['student'], steps: 7, method: 'simclr' });
  const stopped = { ...attempt, dir: temporaryFolder(t) };
  await t.throwsAsync(runStage({ ...stopped, stopAt: 4 }), { message: 'stopped' });
  const checkpoint = (dir: string) => readSafetensors(join(dir, 'checkpoint.safetensors')).tensors;
  const [fourth, last] = [checkpoint(stopped.dir), checkpoint(whole.dir)];
  const { weights } = readModel(join(whole.dir, 'models', 'student'));
  t.true(Object.keys(weights).some((name) => name.includes('norm')));
  for (const [name, { data }] of Object.entries(weights)) {
    const [a, b] = [fourth, last].map((tensors) => [...tensors[`ssl/network/backbone/${name}`].data].map(Number));
    for (const [i, value] of data.entries()) t.true(Math.abs(Number(value) - (a[i] + b[i]) / 2) < 1e-6, name);
  }
  const resumed = await runStage({ ...stopped, resume: true });
  t.deepEqual(resumed.result, whole.result);
  for (const file of ['metrics.jsonl', 'checkpoint.safetensors', 'models/student/model.safetensors'])
    t.true(readFileSync(join(resumed.dir, file)).equals(readFileSync(join(whole.dir, file))), file);
});
