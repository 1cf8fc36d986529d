import test from 'ava';
import { NotFiniteError } from '../../../src/engine/require-finite.js';
import type { Session } from '../../../src/engine/session/session.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { float32, type HostTensor, int32 } from '../../../src/host-tensor.js';
import aamSoftmax from '../../../src/losses/aam-softmax.js';
import { batchNormLayer } from '../../../src/nn/batch-norm.js';
import { createQueue } from '../../../src/nn/queue.js';
import { createScope } from '../../../src/nn/scope.js';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import { createLabelAlignment } from '../../../src/train/gate/label-alignment.js';
import { createTrainingStep } from '../../../src/train/step/training-step.js';
import { isTransient } from '../../../src/train/step/transient.js';
import { close } from '../../helpers/close.js';
import { movedCenters } from '../../helpers/oracles/class-losses.js';
import { rowsOf } from '../../helpers/oracles/losses.js';
import { normals } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';
import { BATCH, noiseBatch, SAMPLES, smallPretrainer } from '../../helpers/training/small-training.js';

const SIZE = 3;
const ROWS = 6;
const QUEUE = 8;
const values = normals(ROWS * SIZE, 'rows');
const rows = Array.from({ length: ROWS }, (_, row) => [...values.slice(row * SIZE, (row + 1) * SIZE)]);
const CLASSES = 4;
/** One class in both halves, one in each alone, one in none. */
const labels = [0, 1, 1, 0, 2, 2];
/** Parts of the batch, from row to row. */
const part = (from: number, to: number) => ({
  x: float32(rows.slice(from, to).flat(), [to - from, SIZE]),
  labels: int32(labels.slice(from, to)),
});
const halves = [part(0, 3), part(3, 6)];
const column = (of: number[][], i: number) => of.map((row) => row[i]);
const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
const variance = (list: number[]) => mean(list.map((value) => (value - mean(list)) ** 2));
const dimensions = [...Array(SIZE).keys()];
/** Without what holds nothing between two updates. */
const lasting = (saved: Record<string, HostTensor>) =>
  Object.fromEntries(Object.entries(saved).filter(([name]) => !isTransient(name)));
const plain = (tensor: HostTensor) => [...(tensor.data as Float32Array)];

/** A loss that moves a centre, a queue, running statistics, classes' centres, the alignment of labels and a count; with the value `more`, one more. */
function open(session: Session, accumulate: number) {
  const scope = createScope(session, 'loss', 0);
  const weight = scope.param('weight', [SIZE], (shape) => normals(shape[0], 'weight'));
  const center = scope.buffer('center', [SIZE], 1);
  const count = scope.buffer('count', [], 0, 'int32');
  const more = scope.buffer('more', [], 0);
  const queue = createQueue(scope.child('queue'), [QUEUE, SIZE], 0);
  const norm = batchNormLayer(scope.child('norm'), SIZE, { affine: false });
  const alignment = createLabelAlignment(scope.child('alignment'), SIZE);
  const classifier = aamSoftmax.build({
    scope: scope.child('classifier'),
    embeddingSize: SIZE,
    classes: CLASSES,
    options: { margin: 0.2, scale: 10, center: 1 },
  });
  const step = createTrainingStep({
    session,
    name: 'test',
    trained: [weight],
    accumulate,
    optimizer: optimizerOptions.parse({ name: 'sgd' }),
    views: ({ x, labels }) => ({ x, labels }),
    loss({ x, labels }: Record<string, Tensor>, inputs) {
      const before = { center: tf.sum(center.read()), queue: tf.sum(queue.read()) };
      center.assign(tf.add(tf.mul(center.read(), 0.9), tf.mul(tf.mean(x, 0), 0.1)));
      count.assign(tf.add(count.read(), tf.scalar(1, 'int32')));
      if (inputs.more) more.assign(tf.add(more.read(), inputs.more));
      queue.push(x);
      classifier.note!(x, labels, tf.ones([x.shape[0]!]));
      alignment.note(tf.softmax(x, 1), tf.greater(tf.sum(x, 1), 0));
      const normed = norm(x, { training: true });
      return { loss: tf.mean(tf.square(tf.sum(tf.mul(normed, weight.read()), 1))), aux: before };
    },
  });
  return step;
}

/** Plain arrays: what a loss moves when the halves are one batch. */
function expected(centers: number[][]) {
  const softmax = rows.map((row) => {
    const sum = row.reduce((total, value) => total + Math.exp(value), 0);
    return row.map((value) => Math.exp(value) / sum);
  });
  const chosen = softmax.filter((_, row) => rows[row].reduce((a, b) => a + b, 0) > 0);
  const kept = Math.exp(-chosen.length / (10 * SIZE));
  const parts = [rows.slice(0, 3), rows.slice(3)];
  return {
    'loss/center': dimensions.map((i) => 0.9 + 0.1 * mean(column(rows, i))),
    'loss/queue/rows': [...Array((QUEUE - ROWS) * SIZE).fill(0), ...rows.flat()],
    // The statistics that were normalised by: of each half, unbiased as PyTorch's running ones.
    'loss/norm/mean': dimensions.map((i) => 0.1 * mean(parts.map((half) => mean(column(half, i))))),
    'loss/norm/variance': dimensions.map(
      (i) => 0.9 + 0.1 * mean(parts.map((half) => (variance(column(half, i)) * 3) / 2)),
    ),
    'loss/classifier/centers': movedCenters(rows, centers, labels, {
      alpha: 0.5,
      counted: rows.map(() => true),
    }).flat(),
    'loss/alignment/predicted': dimensions.map((i) => kept / SIZE + (1 - kept) * mean(column(chosen, i))),
  };
}

const centersOf = async (session: Session) =>
  rowsOf(plain((await session.save(['loss/classifier/centers']))['loss/classifier/centers']), SIZE);

test('what a loss moves moves once an update, by the whole batch', async (t) => {
  await withSession(async (session) => {
    const step = open(session, 2);
    const centers = await centersOf(session);
    const outputs = await step.run(halves, { step: 0, rate: 0 });
    t.deepEqual(plain(outputs[1].center), plain(outputs[0].center), 'both halves start from the same');
    t.deepEqual(plain(outputs[1].queue), plain(outputs[0].queue));
    const saved = await session.save();
    for (const [name, value] of Object.entries(expected(centers))) close(t, plain(saved[name]), value, 1e-6, name);
    t.is(saved['loss/count'].data[0], 1);
    t.is(saved['loss/more'].data[0], 0);
  });
});

test('a second update goes on from the first', async (t) => {
  await withSession(async (session) => {
    const step = open(session, 2);
    await step.run(halves, { step: 0, rate: 0 });
    await step.run([part(0, 3), part(0, 3)], { step: 1, rate: 0 });
    const saved = await session.save();
    const first = expected([])['loss/center'];
    const center = dimensions.map((i) => 0.9 * first[i] + 0.1 * mean(column(rows.slice(0, 3), i)));
    close(t, plain(saved['loss/center']), center, 1e-6);
    const queue = [...rows.slice(4), ...rows.slice(0, 3), ...rows.slice(0, 3)].flat();
    close(t, plain(saved['loss/queue/rows']), queue, 1e-7);
    t.is(saved['loss/count'].data[0], 2);
  });
});

test('a refused half leaves everything as it was, and nothing of the update for the next', async (t) => {
  await withSession(async (session) => {
    const step = open(session, 2);
    const before = lasting(await session.save());
    const centers = await centersOf(session);
    const bad = { labels: int32([0, 1, 2]), x: float32([1, 2, 3, 4, 5, 6, Number.NaN, 8, 9], [3, SIZE]) };
    const refused = { instanceOf: NotFiniteError };
    await t.throwsAsync(step.run([part(3, 6), bad], { step: 0, rate: 0.1 }), refused);
    t.deepEqual(lasting(await session.save()), before);
    await step.run(halves, { step: 1, rate: 0 });
    const saved = await session.save();
    for (const [name, value] of Object.entries(expected(centers))) close(t, plain(saved[name]), value, 1e-6, name);
  });
});

test('an update moves what its own micro-batches move, though others were traced before', async (t) => {
  await withSession(async (session) => {
    const step = open(session, 2);
    await step.run(halves, { step: 0, rate: 0, more: 5 });
    await step.run(halves, { step: 1, rate: 0 });
    await step.run(halves, { step: 2, rate: 0, more: 7 });
    const saved = await session.save(['loss/more', 'loss/count']);
    t.is(saved['loss/more'].data[0], 12);
    t.is(saved['loss/count'].data[0], 3);
  });
});

test("a queue that is shorter than a batch keeps the batch's end", async (t) => {
  await withSession(async (session) => {
    const step = open(session, 4);
    const parts = [part(0, 3), part(3, 6), part(0, 3), part(3, 6)];
    await step.run(parts, { step: 0, rate: 0 });
    const { 'loss/queue/rows': queue } = await session.save(['loss/queue/rows']);
    close(t, plain(queue), [...rows.slice(4), ...rows].flat(), 1e-7);
  });
});

test("DINO's centre and every running statistic end at the mean of two updates on the halves", async (t) => {
  const VALUES = { rate: 0, momentum: 1, teacherTemperature: 0.05, lastLayer: 1 };
  const batch = noiseBatch('halves');
  const half = (all: ArrayLike<number>, from: number) => {
    const crops = all.length / (BATCH * SAMPLES);
    return Int16Array.from({ length: all.length / 2 }, (_, i) => {
      const [row, sample] = [Math.floor(i / SAMPLES), i % SAMPLES];
      const [crop, utterance] = [Math.floor(row / 2), row % 2];
      return crop < crops ? all[(crop * BATCH + from + utterance) * SAMPLES + sample] : 0;
    });
  };
  const after = (batchSize: number, accumulate: number, from: number) =>
    withSession(async (session) => {
      const trainer = smallPretrainer(session, {}, { batchSize, accumulate });
      const own =
        batchSize === BATCH ? batch : { ...batch, global: half(batch.global, from), local: half(batch.local!, from) };
      const start = await session.save();
      await trainer.step(own, 0, VALUES);
      const end = await session.save(Object.keys(start));
      return { start, end };
    });
  const { start, end } = await after(BATCH, 2, 0);
  const parts = [(await after(2, 1, 0)).end, (await after(2, 1, 2)).end];
  const moved = Object.keys(start).filter((name) => /center|\/(mean|variance)$/.test(name) && name.startsWith('ssl/'));
  t.true(moved.includes('ssl/center/value') && moved.length > 8);
  for (const name of moved) {
    const halfway = plain(parts[0][name]).map((value, i) => (value + plain(parts[1][name])[i]) / 2);
    close(t, plain(end[name]), halfway, 1e-6, name);
    t.notDeepEqual(plain(end[name]), plain(start[name]), name);
  }
});
