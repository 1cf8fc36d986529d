import test from 'ava';
import { NotFiniteError } from '../../src/engine/require-finite.js';
import type { Session } from '../../src/engine/session/session.js';
import { tf } from '../../src/engine/tf.js';
import type { HostTensor } from '../../src/host-tensor.js';
import aamSoftmax from '../../src/losses/aam-softmax.js';
import { optimizerOptions } from '../../src/optim/optimizer.js';
import { createFinetuner } from '../../src/train/finetuner.js';
import { KEPT, REJECTED } from '../../src/train/gate/gate-keeper.js';
import type { Correction } from '../../src/train/gate/label-correction.js';
import { close } from '../helpers/close.js';
import { withSession } from '../helpers/session.js';
import { BATCH, noiseBatch, smallBackbone, smallFeatures } from '../helpers/training/small-training.js';

const CLASSES = 3;
const LABELS = Int32Array.of(0, 1, 2, 1);
const ALL = Number.POSITIVE_INFINITY;
/** Not met before. */
const samplesOf = (labels: Int32Array) => ({ labels, history: new Float32Array(labels.length).fill(Number.NaN) });
const plain = (tensor: HostTensor) => tensor.data as Float32Array;
const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function open(
  session: Session,
  optimizer: Record<string, unknown> = { name: 'sgd' },
  margin = 0,
  more: { gateJudges?: 'with-margin'; center?: number } = {},
) {
  const { center, ...parts } = more;
  const finetuner = createFinetuner({
    session,
    seed: 1,
    classes: CLASSES,
    backbone: smallBackbone,
    loss: (context) => aamSoftmax.build({ ...context, options: { margin, scale: 10, center } }),
    ...parts,
    view: { features: smallFeatures, augmentations: [] },
    optimizer: optimizerOptions.parse(optimizer),
  });
  const batch = noiseBatch('batch', { global: 1, local: 0 });
  const step = (number: number, gate: number, rate = 0.1, correction?: Correction) =>
    finetuner.step(batch, samplesOf(LABELS), { step: number, rate, margin: 1, gate, momentum: 0, correction });
  /** With a rate of 0. */
  const judge = (history: number[], moment: { momentum: number; margin?: number; gate?: number }) =>
    finetuner.step(
      batch,
      { labels: LABELS, history: Float32Array.from(history) },
      { step: 0, rate: 0, margin: 1, gate: ALL, ...moment },
    );
  return { finetuner, step, judge };
}

/** Names of weights that an optimizer moves: everything of the network but running statistics. */
const trainedNames = (saved: Record<string, HostTensor>): string[] =>
  Object.keys(saved).filter((name) => name.startsWith('network/') && !/\/(mean|variance)$/.test(name));

test('an open gate: the mean of all losses, and everything learns', async (t) => {
  await withSession(async (session) => {
    const { finetuner, step } = open(session);
    t.is(finetuner.head.prototypes!.name, 'network/classifier/prototypes');
    const before = await session.save();
    const { metrics, losses, decisions } = await step(0, ALL);
    t.is(losses.length, BATCH);
    close(t, [metrics.loss], [mean([...losses])], 1e-6);
    t.is(metrics.kept, 1);
    t.deepEqual([...decisions], [KEPT, KEPT, KEPT, KEPT]);
    t.true(metrics.accuracy >= 0 && metrics.accuracy <= 1);
    t.false('losses' in metrics, 'what is logged are single numbers');
    const after = await session.save();
    for (const name of trainedNames(after)) t.notDeepEqual(after[name], before[name], name);
    for (let number = 1; number < 10; number++) await step(number, ALL);
    const { metrics: last } = await step(10, ALL);
    t.true(last.loss < metrics.loss);
  });
});

test('a sample above the gate does not count', async (t) => {
  const move = (gate: (losses: number[]) => number) =>
    withSession(async (session) => {
      const { step } = open(session, { name: 'sgd', momentum: 0 });
      const { losses } = await step(0, ALL, 0);
      const start = await session.save();
      const { metrics, decisions } = await step(0, gate([...losses]));
      return { losses: [...losses], decisions, metrics, start, end: await session.save() };
    });
  const second = (all: number[]) => [...all].sort((a, b) => a - b)[1];
  const { losses, decisions, metrics, end } = await move(second);
  t.is(metrics.kept, 0.5, 'a loss equal to the gate is kept');
  const kept = losses.filter((loss) => loss <= second(losses));
  close(t, [metrics.loss], [mean(kept)], 1e-6);
  t.deepEqual(
    [...decisions],
    losses.map((loss) => (kept.includes(loss) ? KEPT : REJECTED)),
  );
  const opened = await move(() => ALL);
  t.deepEqual(opened.losses, losses);
  t.notDeepEqual(end['network/classifier/prototypes'], opened.end['network/classifier/prototypes']);
});

test('a margin makes training harder, and judges no label', async (t) => {
  await withSession(async (session) => {
    const { judge } = open(session, { name: 'sgd' }, 0.4);
    const unknown = Array<number>(BATCH).fill(Number.NaN);
    const without = await judge(unknown, { momentum: 0, margin: 0 });
    close(t, [without.metrics.loss], [mean([...without.losses])], 1e-6);
    const half = await judge(unknown, { momentum: 0, margin: 0.5 });
    const whole = await judge(unknown, { momentum: 0 });
    t.true(without.metrics.loss < half.metrics.loss && half.metrics.loss < whole.metrics.loss);
    t.deepEqual(half.losses, without.losses);
    t.deepEqual(whole.losses, without.losses);
  });
});

test('asked to, the gate judges losses as they are trained on, without what is beside them', async (t) => {
  await withSession(async (session) => {
    const { judge } = open(session, { name: 'sgd' }, 0.4, { gateJudges: 'with-margin', center: 0.7 });
    const unknown = Array<number>(BATCH).fill(Number.NaN);
    const without = await judge(unknown, { momentum: 0, margin: 0 });
    const whole = await judge(unknown, { momentum: 0 });
    t.true(whole.losses.every((loss, i) => loss > without.losses[i]));
    t.true(whole.metrics.loss > mean([...whole.losses]) + 1e-3, 'the centre is trained on');
    const gate = [...whole.losses].sort((a, b) => a - b)[1];
    const { decisions } = await judge(unknown, { momentum: 0, gate });
    t.deepEqual(
      [...decisions],
      [...whole.losses].map((loss) => (loss <= gate ? KEPT : REJECTED)),
    );
  });
});

test('centres follow the samples that count only', async (t) => {
  await withSession(async (session) => {
    const { step } = open(session, { name: 'sgd' }, 0, { center: 0.1 });
    const centers = async () => (await session.save(['network/classifier/centers']))['network/classifier/centers'];
    const before = await centers();
    await step(0, 0, 0);
    t.deepEqual(await centers(), before, 'no label was believed');
    await step(1, ALL, 0);
    t.notDeepEqual(await centers(), before);
  });
});

test('a loss is judged by its running geometric mean', async (t) => {
  await withSession(async (session) => {
    const { judge } = open(session);
    const { losses: now } = await judge(Array<number>(BATCH).fill(Number.NaN), { momentum: 0.75 });
    const history = [0.5, Number.NaN, 8, 1e-3];
    const { losses } = await judge(history, { momentum: 0.75 });
    const expected = history.map((earlier, i) => (Number.isNaN(earlier) ? now[i] : earlier ** 0.75 * now[i] ** 0.25));
    close(t, [...losses], expected, 1e-5);
    const { losses: forgetful } = await judge(history, { momentum: 0 });
    t.deepEqual(forgetful, now);
    // The gate decides by what is judged.
    const gate = [...losses].sort((a, b) => a - b)[1];
    const { decisions } = await judge(history, { momentum: 0.75, gate });
    t.deepEqual(
      [...decisions],
      [...losses].map((loss) => (loss <= gate ? KEPT : REJECTED)),
    );
  });
});

for (const optimizer of [{ name: 'sgd' }, { name: 'adam' }, { name: 'adamw' }]) {
  test(`an empty gate gives a loss of 0 and moves nothing (${optimizer.name})`, async (t) => {
    await withSession(async (session) => {
      const { step } = open(session, optimizer);
      const before = await session.save();
      const { metrics, losses } = await step(0, 0);
      t.is(metrics.loss, 0);
      t.is(metrics.kept, 0);
      t.true(losses.every((loss) => loss > 0));
      const after = await session.save();
      for (const name of trainedNames(after)) t.deepEqual(after[name], before[name], name);
    });
  });
}

test('an empty gate leaves weight decay at work', async (t) => {
  await withSession(async (session) => {
    const { step } = open(session, { name: 'adamw', weightDecay: 0.5 });
    const before = await session.save();
    await step(0, 0, 0.1);
    const after = await session.save();
    for (const name of trainedNames(after)) {
      const factor = after[name].shape.length > 1 ? 1 - 0.1 * 0.5 : 1;
      close(
        t,
        plain(after[name]),
        plain(before[name]).map((value) => factor * value),
        1e-6,
        name,
      );
    }
  });
});

test('a gate does not hide a loss that is not a number, and the step changes nothing', async (t) => {
  await withSession(async (session) => {
    const { finetuner, step } = open(session);
    const { name, shape } = finetuner.head.prototypes!;
    const data = new Float32Array(shape[0] * shape[1]).fill(Number.NaN);
    await session.load({ [name]: { dtype: 'float32', shape, data } });
    const before = await session.save();
    for (const gate of [ALL, 1]) {
      await t.throwsAsync(step(0, gate, 0), { instanceOf: NotFiniteError, message: /^the loss, .*NaN/ });
    }
    t.deepEqual(await session.save(), before);
  });
});

test('a clean pass that corrects nothing changes nothing: not even running statistics', async (t) => {
  const after = (correction?: Correction) =>
    withSession(async (session) => {
      const { step } = open(session);
      const { metrics } = await step(0, ALL, 0.1, correction);
      return { metrics, saved: await session.save() };
    });
  const plainStep = await after();
  const corrected = await after({ temperature: 0.1, confidence: 0 });
  t.is(corrected.metrics.corrected, 0, 'what the gate keeps is not corrected');
  t.false('corrected' in plainStep.metrics);
  t.is(corrected.metrics.loss, plainStep.metrics.loss);
  t.deepEqual(corrected.saved, plainStep.saved);
});

test('a loss counts updates, however many parts each is made of', async (t) => {
  for (const accumulate of [1, 2])
    await withSession(async (session) => {
      const { step } = createFinetuner({
        session,
        seed: 1,
        classes: CLASSES,
        backbone: smallBackbone,
        accumulate,
        loss: () => ({
          losses: (embeddings, _, moment) => ({ losses: tf.add(tf.mul(tf.sum(embeddings, 1), 0), moment.step) }),
        }),
        view: { features: smallFeatures, augmentations: [] },
        optimizer: optimizerOptions.parse({ name: 'sgd' }),
      });
      const moment = { step: 7, rate: 0, margin: 1, gate: ALL, momentum: 0 };
      const { losses } = await step(noiseBatch('batch', { global: 1, local: 0 }), samplesOf(LABELS), moment);
      t.deepEqual([...losses], [7, 7, 7, 7], `in ${accumulate}`);
    });
});
