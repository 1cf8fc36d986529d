import test from 'ava';
import { randomChannelOptions, throughRandomChannel } from '../../src/augmentations/random-channel.js';
import { random } from '../../src/engine/random.js';
import type { Session } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import type { HostTensor } from '../../src/host-tensor.js';
import { optimizerOptions } from '../../src/optim/optimizer.js';
import type { PretrainParts } from '../../src/train/pretrainer.js';
import { adversaryOptions } from '../../src/train/step/adversary.js';
import { type CropView, cropsToFeatures, cropsWithTwins } from '../../src/train/step/crop-features.js';
import type { Views } from '../../src/train/step/ssl-method.js';
import { createTrainingStep } from '../../src/train/step/training-step.js';
import dino from '../../ssl/dino.js';
import { close } from '../helpers/close.js';
import { rowsOf } from '../helpers/oracles/losses.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import {
  BATCH,
  DINO,
  noiseBatch,
  SAMPLES,
  smallBackbone,
  smallFeatures,
  smallPretrainer,
} from '../helpers/training/small-training.js';
import { sslContext } from '../helpers/training/ssl-parts.js';

const values = (tensor: HostTensor): number[] => Array.from(tensor.data as Float32Array);
const VALUES = { rate: 0.1, momentum: 0.9, teacherTemperature: 0.05, lastLayer: 1 };

/** Features of crops that all hold the same noise, and of their twins. */
async function hear(augmentation: CropView['augmentations'][number], globalCrops = 3) {
  const noise = normalTensor([1, SAMPLES], 'noise', 1000).data as Float32Array;
  const data = Int16Array.from({ length: globalCrops * BATCH * SAMPLES }, (_, i) => noise[i % SAMPLES]);
  // Without means subtracted, which would hide a gain.
  const view = { features: { ...smallFeatures, cmn: false }, augmentations: [augmentation] };
  return withSession(async (session) => {
    const run = session.compile('run', (inputs: Record<string, Tensor>) =>
      cropsWithTwins(inputs.crops, BATCH, view, 'global'),
    );
    const crops: HostTensor = { dtype: 'int16', shape: [globalCrops * BATCH, SAMPLES], data };
    const { global, twins } = await run({ crops, step: 0 });
    const size = global.data.length / (globalCrops * BATCH);
    return { crops: rowsOf(values(global), size), twins: rowsOf(values(twins), size) };
  });
}

// Noise is drawn for every sample: only what goes on through a recording can be the same in both its halves.
const channel = randomChannelOptions.parse({ noise: { probability: 0 } });
const augmentations: Record<string, { apply: CropView['augmentations'][number]; tolerance: number }> = {
  'a gain for each row': {
    apply: (wave, name) => tf.mul(wave, random.uniform([wave.shape[0]!, 1], `${name}/gain`, 0.1, 1)),
    tolerance: 0,
  },
  'a random channel': { apply: (wave, name) => throughRandomChannel(wave, channel, name), tolerance: 0.01 },
};

const furthest = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((far, value, i) => Math.max(far, Math.abs(value - b[i])), 0);

for (const [name, { apply, tolerance }] of Object.entries(augmentations)) {
  test(`a twin shares the augmentation of its first crop and of no other: ${name}`, async (t) => {
    const { crops, twins } = await hear(apply);
    t.is(crops.length, 3 * BATCH);
    t.is(twins.length, BATCH);
    twins.forEach((twin, utterance) => {
      const distances = crops.map((crop) => furthest(twin, crop));
      const [own] = distances.splice(utterance, 1);
      t.true(own <= tolerance, `${own}`);
      t.true(Math.min(...distances) > 2 * tolerance, `${distances}`);
    });
  });
}

test('a twin has the audio of the second crop; the crops are as they are without it', async (t) => {
  await withSession(async (session) => {
    const view = { features: smallFeatures, augmentations: [] };
    const run = session.compile('run', (inputs: Record<string, Tensor>) => ({
      ...cropsWithTwins(inputs.crops, BATCH, view, 'global'),
      plain: cropsToFeatures(inputs.crops, view, 'plain'),
    }));
    const crops: HostTensor = { dtype: 'int16', shape: [2 * BATCH, SAMPLES], data: noiseBatch('crops').global };
    const { global, twins, plain } = await run({ crops, step: 0 });
    t.deepEqual(global, plain);
    t.deepEqual(values(twins), values(plain).slice(values(plain).length / 2));
  });
});

/** What one step makes of the variables, and its metrics. */
async function stepOnce(session: Session, more: Partial<PretrainParts>) {
  const trainer = smallPretrainer(session, { name: 'sgd', momentum: 0 }, more);
  const before = await session.save();
  const metrics = await trainer.step(noiseBatch('batch'), 0, VALUES);
  const after = await session.save();
  const moved = (name: string) => values(after[name]).map((value, i) => value - values(before[name])[i]);
  return { trainer, metrics, after, moved };
}

const withAdversary = (weight: number) => ({ adversary: adversaryOptions.parse({ weight, hiddenSize: 6 }) });

test('the weight scales what the adversary adds to a step, and nothing else', async (t) => {
  const steps = await Promise.all(
    [{}, withAdversary(1), withAdversary(3)].map((more) => withSession((session) => stepOnce(session, more))),
  );
  const [off, one, three] = steps;
  const names = Object.keys(off.after).filter((name) => /^ssl\/student\/backbone\/.*weight$/.test(name));
  t.true(names.length >= 4, `${Object.keys(off.after)}`);
  for (const name of names) {
    const [a, b, c] = steps.map(({ moved }) => moved(name));
    const added = b.map((value, i) => value - a[i]);
    t.true(Math.max(...added.map(Math.abs)) > 1e-6, `${name} is opposed`);
    close(
      t,
      c.map((value, i) => value - a[i]),
      added.map((value) => 3 * value),
      1e-5,
      name,
    );
  }
  const discriminator = Object.keys(one.after).filter((name) => name.startsWith('ssl/adversary/'));
  t.is(discriminator.length, 7 + 4);
  for (const name of discriminator) t.deepEqual(three.after[name], one.after[name], name);
  t.true(discriminator.some((name) => one.moved(name).some((change) => change !== 0)));
  t.is(one.metrics.loss, off.metrics.loss);
  t.true(one.metrics.adversaryLoss > 0 && one.metrics.adversaryAccuracy >= 0);
});

test('without it a step is that of the method alone, bit by bit', async (t) => {
  const off = await withSession((session) => stepOnce(session, {}));
  const alone = await withSession(async (session) => {
    const options = dino.options.parse(DINO);
    const method = dino.build({ ...sslContext(session, 1, smallBackbone), options });
    const update = createTrainingStep({
      session,
      name: 'alone',
      trained: method.trained,
      optimizer: optimizerOptions.parse({ name: 'sgd', momentum: 0 }),
      views: ({ global, local }): Views => ({
        batch: BATCH,
        global: cropsToFeatures(global, { features: smallFeatures, augmentations: [] }, 'global'),
        local: cropsToFeatures(local, { features: smallFeatures, augmentations: [] }, 'local'),
      }),
      loss(views, inputs) {
        const { loss, metrics } = method.loss(views, inputs);
        return { loss, aux: metrics };
      },
      learnsWhen: method.learnsWhen,
      afterStep: method.afterStep,
    });
    const { global, local } = noiseBatch('batch');
    const crops = (data: Int16Array): HostTensor => ({ dtype: 'int16', shape: [2 * BATCH, SAMPLES], data });
    await update.run([{ global: crops(global as Int16Array), local: crops(local as Int16Array) }], {
      ...VALUES,
      step: 0,
    });
    return session.save();
  });
  t.deepEqual(off.after, alone);
  t.deepEqual(
    Object.keys(off.metrics).filter((name) => name.includes('adversary')),
    [],
  );
});

test('micro-batches have one as well', async (t) => {
  const { metrics, trainer } = await withSession((session) =>
    stepOnce(session, { ...withAdversary(3), batchSize: BATCH, accumulate: 2 }),
  );
  t.true(Number.isFinite(metrics.adversaryLoss) && metrics.adversaryLoss > 0);
  t.is(trainer.functions(noiseBatch('batch'), { ...VALUES, step: 0 }).length, 3);
});
