import test from 'ava';
import type { Session } from '../../../src/engine/session/session.js';
import { tf } from '../../../src/engine/tf.js';
import type { Backbone } from '../../../src/nn/backbone.js';
import { convLayer } from '../../../src/nn/conv.js';
import { reversible } from '../../../src/nn/recompute/reversible.js';
import type { Scope } from '../../../src/nn/scope.js';
import type { SslPlugin } from '../../../src/plugin/kinds.js';
import type { StepMetrics } from '../../../src/train/step/training-step.js';
import { smallBlock } from '../../helpers/networks/small-blocks.js';
import { newRegistry } from '../../helpers/recipes/run-stage.js';
import { withSession } from '../../helpers/session.js';
import { smallBackbone, smallPretrainer, smallTdnn } from '../../helpers/training/small-training.js';
import { tinySslOptions } from '../../helpers/training/tiny-ssl-options.js';
import { inEveryWorker, openGroups } from '../../helpers/workers/in-process.js';
import { farthest, speakerBatch } from '../../helpers/workers/speaker-batch.js';

const BATCH = 8;
const STEPS = 4;
/** Rounding: a sum over two workers is not added up in the order of one. */
const NEAR = 1e-5;
const registry = newRegistry();
/** It has weights of more than 4,096 values, whose states are kept in 8 bits. */
const wideTdnn = await smallTdnn({ width: 40 });

/** One start of the servers for all methods: TensorFlow cannot end them. */
const groups = openGroups(2);

/** What differs from the small network and the optimizer of all cases. */
interface More {
  optimizer?: object;
  accumulate?: number;
  backbone?: (scope: Scope) => Backbone;
  /** Default: {@link NEAR}. */
  near?: number;
}

/** Trains a method from the same seeds wherever it runs; returns its metrics and the weights at the end. */
async function train(session: Session, name: string, { accumulate, backbone = smallBackbone, ...more }: More = {}) {
  const plugin = (await registry.load('ssl', name)) as SslPlugin;
  const options = plugin.options.parse(tinySslOptions[name]);
  const crops = plugin.views(options);
  const build = (context: object) => plugin.build({ ...context, options } as Parameters<SslPlugin['build']>[0]);
  const optimizer = { name: 'sgd', clipNorm: 1, ...more.optimizer };
  const trainer = smallPretrainer(session, optimizer, { batchSize: BATCH, crops, build, accumulate, backbone });
  const lines: StepMetrics[] = [];
  for (let step = 0; step < STEPS; step++) {
    const position = { step, steps: STEPS, epoch: (2 * step) / STEPS };
    const values = { rate: 0.001, ...trainer.method.schedule?.(position) };
    lines.push(await trainer.step(speakerBatch(`step ${step}`, BATCH, crops), step, values));
  }
  return { lines, weights: await session.save(trainer.method.trained.map((variable) => variable.name)) };
}

const CHANNELS = 4;

/** Two reversible blocks between a convolution and the mean of all maps: the blocks run again in the backward pass. */
function smallReversible(scope: Scope): Backbone {
  const block = (name: string) => smallBlock(scope.child(name), CHANNELS);
  const stem = convLayer(scope.child('stem'), { inputs: 1, outputs: 2 * CHANNELS, kernel: [3, 3] });
  const blocks = [0, 1].map((i) => ({ f: block(`f${i}`), g: block(`g${i}`) }));
  const streams = reversible(blocks);
  return {
    embeddingSize: 2 * CHANNELS,
    embed(features, pass) {
      const [a, b] = tf.split(stem(tf.expandDims(features, 3)), 2, 3);
      return tf.mean(tf.concat(streams([a, b], pass), 3), [1, 2]);
    },
  };
}

const cases: [title: string, method: string, more?: More][] = [
  ['dino', 'dino'],
  ['simclr', 'simclr'],
  ['moco in two micro-batches', 'moco', { accumulate: 2 }],
  ['swav', 'swav'],
  ['rdino', 'rdino'],
  ['sdpn', 'sdpn'],
  ['sdpn in two micro-batches', 'sdpn', { accumulate: 2 }],
  ['masked-units', 'masked-units'],
  ['masked-units in two micro-batches', 'masked-units', { accumulate: 2 }],
  ['simclr with a reversible network', 'simclr', { backbone: smallReversible }],
  // A momentum that is rounded to another code moves its weight by a part of the rate more.
  ['simclr with 8-bit states', 'simclr', { backbone: wideTdnn, optimizer: { stateBits: 8 }, near: 1e-4 }],
];
for (const [title, name, more] of cases) {
  const near = more?.near ?? NEAR;
  test.serial(`${title}: two workers with half the batch each train as one process with all of it`, async (t) => {
    const [first, second] = await inEveryWorker(await groups, (session) => train(session, name, more));
    t.deepEqual(first, second, 'the workers hold the same bits');
    const alone = await withSession((session) => train(session, name, more), { threads: 1 });
    first.lines.forEach(({ loss }, step) => {
      const apart = Math.abs(loss / alone.lines[step].loss - 1);
      t.true(apart < near, `loss of step ${step}: ${loss}, alone ${alone.lines[step].loss}`);
    });
    const { variable, distance } = farthest(first.weights, alone.weights);
    t.true(distance < near, `${variable} differs by ${distance}`);
  });
}

test.serial('one worker is asked to stop: all hear of it after the same step', async (t) => {
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
