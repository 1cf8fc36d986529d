import { join } from 'node:path';
import test from 'ava';
import { random } from '../../../src/engine/random.js';
import { NotFiniteError } from '../../../src/engine/require-finite.js';
import type { Session } from '../../../src/engine/session/session.js';
import { tf } from '../../../src/engine/tf.js';
import { float32, type HostTensor } from '../../../src/host-tensor.js';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import { loadCheckpoint, saveCheckpoint } from '../../../src/train/checkpoint.js';
import { createTrainingStep, meanMetrics, type TrainingStep } from '../../../src/train/step/training-step.js';
import { close } from '../../helpers/close.js';
import { normals } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const SIZE = 5;
const rows = normals(8 * SIZE, 'rows');
const batch = (from: number, to: number) => ({ x: float32(rows.slice(from * SIZE, to * SIZE), [to - from, SIZE]) });
const plain = (tensor: HostTensor) => [...(tensor.data as Float32Array)];

/** Least squares of one weight vector, with a counter that follows and noise that is reported. */
function open(session: Session, accumulate?: number): TrainingStep {
  const weight = session.variable('weight', [SIZE], float32(normals(SIZE, 'weight')));
  const updates = session.variable('updates', [], 0);
  return createTrainingStep({
    session,
    name: 'test',
    trained: [weight],
    accumulate,
    optimizer: optimizerOptions.parse({ name: 'sgd' }),
    views: ({ x }) => x,
    loss: (x) => ({
      loss: tf.mean(tf.square(tf.sub(tf.sum(tf.mul(x, weight.read()), 1), 1))),
      aux: { noise: random.normal([3], 'noise') },
    }),
    afterStep: () => updates.assign(tf.add(updates.read(), 1)),
  });
}

test('micro-batches give the update of the whole batch', async (t) => {
  const after = (accumulate: number) =>
    withSession(async (session) => {
      const step = open(session, accumulate);
      const width = 8 / accumulate;
      const parts = Array.from({ length: accumulate }, (_, i) => batch(i * width, (i + 1) * width));
      const losses: number[] = [];
      for (let k = 0; k < 3; k++) {
        const outputs = await step.run(parts, { step: k, rate: 0.05 });
        losses.push(outputs.reduce((sum, { loss }) => sum + Number(loss.data[0]), 0) / accumulate);
      }
      const { weight, updates } = await session.save(['weight', 'updates']);
      t.is(updates.data[0], 3, 'what follows the optimizer follows it once an update');
      return [...losses, ...plain(weight)];
    });
  const whole = await after(1);
  for (const count of [2, 4]) close(t, await after(count), whole, 1e-6, `${count} parts`);
});

test('each micro-batch draws its own numbers, in every update', async (t) => {
  await withSession(async (session) => {
    const step = open(session, 2);
    const drawn: number[] = [];
    for (const k of [0, 1, 2]) {
      for (const { noise } of await step.run([batch(0, 4), batch(4, 8)], { step: k, rate: 0 }))
        drawn.push(plain(noise)[0]);
    }
    t.is(new Set(drawn).size, 6);
  });
});

test('a micro-batch that is refused leaves the weights, and nothing of it reaches the next update', async (t) => {
  const clean = await withSession(async (session) => {
    await open(session, 2).run([batch(0, 4), batch(4, 8)], { step: 1, rate: 0.05 });
    return plain((await session.save(['weight'])).weight);
  });
  await withSession(async (session) => {
    const step = open(session, 2);
    const before = await session.save(['weight', 'updates']);
    const bad = { x: float32(new Float32Array(4 * SIZE).fill(Number.NaN), [4, SIZE]) };
    await t.throwsAsync(step.run([batch(0, 4), bad], { step: 0, rate: 0.05 }), {
      instanceOf: NotFiniteError,
      message: /the gradient of weight/,
    });
    t.deepEqual(await session.save(['weight', 'updates']), before);
    await step.run([batch(0, 4), batch(4, 8)], { step: 1, rate: 0.05 });
    t.deepEqual(plain((await session.save(['weight'])).weight), clean);
  });
});

test('sums of gradients are in no checkpoint, and one without them loads', async (t) => {
  const path = join(temporaryFolder(t), 'checkpoint.safetensors');
  const saved = await withSession(async (session) => {
    await open(session).run([batch(0, 8)], { step: 0, rate: 0.05 });
    await saveCheckpoint(session, path, 1);
    return plain((await session.save(['weight'])).weight);
  });
  await withSession(async (session) => {
    await open(session, 2).run([batch(0, 4), batch(4, 8)], { step: 0, rate: 0.05 });
    t.is((await loadCheckpoint(session, path))?.step, 1);
    t.deepEqual(plain((await session.save(['weight'])).weight), saved);
    await saveCheckpoint(session, path, 2);
  });
  await withSession(async (session) => {
    open(session);
    t.is((await loadCheckpoint(session, path))?.step, 2);
  });
});

test('metrics of an update are means over its micro-batches, and the worst of the streams of a reversible network', (t) => {
  const part = (loss: number, streamPeak: number, streamErrors: number) =>
    Object.fromEntries(
      Object.entries({ loss, streamPeak, streamErrors }).map(([name, value]) => [name, float32(value)]),
    );
  t.deepEqual(meanMetrics([part(1, 3, 0), part(2, 300, 2), part(6, 5, 1)]), {
    loss: 3,
    streamPeak: 300,
    streamErrors: 2,
  });
});
