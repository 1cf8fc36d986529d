import test from 'ava';
import type { Session } from '../../../src/engine/session/session.js';
import type { SslPlugin } from '../../../src/plugin/kinds.js';
import type { StepMetrics } from '../../../src/train/step/training-step.js';
import { newRegistry } from '../../helpers/recipes/run-stage.js';
import { withSession } from '../../helpers/session.js';
import { smallPretrainer } from '../../helpers/training/small-training.js';
import { tinySslOptions } from '../../helpers/training/tiny-ssl-options.js';
import { inEveryWorker, openGroups } from '../../helpers/workers/in-process.js';
import { farthest, speakerBatch } from '../../helpers/workers/speaker-batch.js';

const BATCH = 8;
const STEPS = 4;
/** Rounding: a sum over two workers is not added up in the order of one. */
const NEAR = 1e-5;
const registry = newRegistry();

/** One start of the servers for all methods: TensorFlow cannot end them. */
const groups = openGroups(2);

/** Trains a method from the same seeds wherever it runs; returns its metrics and the weights at the end. */
async function train(session: Session, name: string, more: { optimizer?: object; accumulate?: number } = {}) {
  const plugin = (await registry.load('ssl', name)) as SslPlugin;
  const options = plugin.options.parse(tinySslOptions[name]);
  const crops = plugin.views(options);
  const build = (context: object) => plugin.build({ ...context, options } as Parameters<SslPlugin['build']>[0]);
  const optimizer = { name: 'sgd', clipNorm: 1, ...more.optimizer };
  const trainer = smallPretrainer(session, optimizer, { batchSize: BATCH, crops, build, accumulate: more.accumulate });
  const lines: StepMetrics[] = [];
  for (let step = 0; step < STEPS; step++) {
    const position = { step, steps: STEPS, epoch: (2 * step) / STEPS };
    const values = { rate: 0.001, ...trainer.method.schedule?.(position) };
    lines.push(await trainer.step(speakerBatch(`step ${step}`, BATCH, crops), step, values));
  }
  return { lines, weights: await session.save(trainer.method.trained.map((variable) => variable.name)) };
}

const cases: [title: string, method: string, more?: { optimizer?: object; accumulate?: number }][] = [
  ['dino', 'dino'],
  ['simclr', 'simclr'],
  ['moco in two micro-batches', 'moco', { accumulate: 2 }],
  ['swav', 'swav'],
];
for (const [title, name, more] of cases) {
  test(`${title}: two workers with half the batch each train as one process with all of it`, async (t) => {
    const [first, second] = await inEveryWorker(await groups, (session) => train(session, name, more));
    t.deepEqual(first, second, 'the workers hold the same bits');
    const alone = await withSession((session) => train(session, name, more), { threads: 1 });
    first.lines.forEach(({ loss }, step) => {
      const apart = Math.abs(loss / alone.lines[step].loss - 1);
      t.true(apart < NEAR, `loss of step ${step}: ${loss}, alone ${alone.lines[step].loss}`);
    });
    const { variable, distance } = farthest(first.weights, alone.weights);
    t.true(distance < NEAR, `${variable} differs by ${distance}`);
  });
}

test('one worker is asked to stop: all hear of it after the same step', async (t) => {
  const agreed: [rank: number, step: number][] = [];
  const steps = [0, 0];
  const stopping = (await groups).map((group) => ({
    ...group,
    stopWanted: () => group.rank === 1 && steps[1] === 1,
    stopAgreed: () => void agreed.push([group.rank, steps[group.rank]]),
  }));
  await inEveryWorker(stopping, async (session, { rank }) => {
    const trainer = smallPretrainer(session, { name: 'sgd' }, { batchSize: BATCH, crops: { global: 2, local: 1 } });
    for (; steps[rank] < 2; steps[rank]++) {
      const batch = speakerBatch(`step ${steps[rank]}`, BATCH, { global: 2, local: 1 });
      const values = { rate: 0, ...trainer.method.schedule?.({ step: 0, steps: 2, epoch: 0 }) };
      t.false('stop' in (await trainer.step(batch, steps[rank], values)));
    }
  });
  t.deepEqual(agreed.sort(), [
    [0, 1],
    [1, 1],
  ]);
});
