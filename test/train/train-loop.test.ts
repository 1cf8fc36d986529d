import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { NotFiniteError } from '../../src/engine/require-finite.js';
import { UserError } from '../../src/errors.js';
import { readMetrics } from '../../src/train/metrics-log.js';
import { type LoopOptions, type TrainTask, trainLoop } from '../../src/train/train-loop.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const HOUR = 3600;

/** A loop over steps whose loss is their number, with what happened noted down. */
function loop(t: ExecutionContext, more: Partial<LoopOptions> = {}, losses = (step: number) => step) {
  const metricsPath = join(temporaryFolder(t), 'metrics.jsonl');
  const events: string[] = [];
  const seen: { step: number; total: number }[] = [];
  const stop = new AbortController();
  const task: TrainTask = {
    async run(step) {
      events.push(`run ${step}`);
      return { loss: losses(step) };
    },
    async save(step) {
      events.push(`save ${step}, ${readMetrics(metricsPath).length} lines`);
    },
  };
  const options: LoopOptions = {
    startStep: 0,
    steps: 3,
    checkpointSeconds: HOUR,
    metricsPath,
    signal: stop.signal,
    progress: { update: ({ step, total }) => void seen.push({ step, total }) },
    ...more,
  };
  return { events, seen, stop, metricsPath, task, done: () => trainLoop(task, options) };
}

test('all steps, then one checkpoint', async (t) => {
  const { events, seen, metricsPath, done } = loop(t);
  await done();
  t.deepEqual(events, ['run 0', 'run 1', 'run 2', 'save 3, 3 lines']);
  t.deepEqual(
    seen,
    [1, 2, 3].map((step) => ({ step, total: 3 })),
  );
  t.deepEqual(
    readMetrics(metricsPath),
    [0, 1, 2].map((step) => ({ step, loss: step })),
  );
});

test('no steps: the network as it is, saved', async (t) => {
  const { events, done } = loop(t, { steps: 0 });
  await done();
  t.deepEqual(events, ['save 0, 0 lines']);
});

test('a checkpoint never runs ahead of the metrics', async (t) => {
  const { events, done } = loop(t, { checkpointSeconds: -1 });
  await done();
  t.deepEqual(
    events.filter((event) => event.startsWith('save')),
    [1, 2, 3, 3].map((n) => `save ${n}, ${n} lines`),
  );
});

test('an interrupt ends the step, saves, and throws its reason', async (t) => {
  const { events, stop, metricsPath, done } = loop(t, {
    steps: 9,
    progress: { update: ({ step }) => void (step === 2 && stop.abort(new Error('Ctrl-C'))) },
  });
  await t.throwsAsync(done, { message: 'Ctrl-C' });
  t.deepEqual(events, ['run 0', 'run 1', 'save 2, 2 lines']);
  t.is(readMetrics(metricsPath).length, 2);
});

test('a resumed loop goes on at its step', async (t) => {
  const { events, metricsPath, done } = loop(t, { startStep: 5, steps: 7 });
  await done();
  t.deepEqual(events, ['run 5', 'run 6', 'save 7, 2 lines']);
  t.deepEqual(
    readMetrics(metricsPath).map(({ step }) => step),
    [5, 6],
  );
});

test('a refused step ends the run with the state before it saved', async (t) => {
  const { events, metricsPath, done } = loop(t, {}, (step) => {
    if (step === 2) throw new NotFiniteError('the loss became NaN');
    return 1;
  });
  await t.throwsAsync(done, { instanceOf: UserError, message: /^Step 2 was refused: the loss.*rate\.peak/ });
  t.deepEqual(events, ['run 0', 'run 1', 'run 2', 'save 2, 2 lines']);
  t.is(readMetrics(metricsPath).length, 2);
});

test('what fails between two steps is thrown after the state was saved', async (t) => {
  const { events, metricsPath, task, done } = loop(t);
  task.prepare = async (step) => {
    events.push(`prepare ${step}`);
    if (step === 2) throw new UserError('no clusters');
  };
  await t.throwsAsync(done(), { instanceOf: UserError, message: 'no clusters' });
  t.deepEqual(events, ['prepare 0', 'run 0', 'prepare 1', 'run 1', 'prepare 2', 'save 2, 2 lines']);
  t.is(readMetrics(metricsPath).length, 2);
});

test('a step that was seen may send the loop back: lines are written before, and those of steps done again are cut', async (t) => {
  const metricsPath = join(temporaryFolder(t), 'metrics.jsonl');
  const events: string[] = [];
  let [seen, saved] = [0, -1];
  const task: TrainTask = {
    async run(step) {
      events.push(`run ${step}`);
      return { loss: seen };
    },
    watch(step) {
      seen++;
      if (seen !== 4) return { marks: { seen } };
      return {
        async react() {
          events.push(`back after ${readMetrics(metricsPath).length} lines`);
          return step - 2;
        },
      };
    },
    async save(step) {
      saved = step;
    },
  };
  await trainLoop(task, {
    startStep: 0,
    steps: 5,
    checkpointSeconds: HOUR,
    metricsPath,
    signal: new AbortController().signal,
    progress: { update: () => {} },
  });
  t.deepEqual(events, ['run 0', 'run 1', 'run 2', 'run 3', 'back after 4 lines', 'run 1', 'run 2', 'run 3', 'run 4']);
  t.deepEqual(
    readMetrics(metricsPath).map(({ step, seen: mark }) => [step, mark]),
    [
      [0, 1],
      [1, 5],
      [2, 6],
      [3, 7],
      [4, 8],
    ],
  );
  t.is(saved, 5);
});
