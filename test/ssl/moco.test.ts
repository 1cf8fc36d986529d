import test from 'ava';
import type { z } from 'zod';
import { differentiate } from '../../src/engine/autodiff.js';
import type { Session } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, type HostTensor, sizeOf } from '../../src/host-tensor.js';
import moco from '../../ssl/moco.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import { mocoLoss, type PlainMargin } from '../helpers/oracles/contrastive.js';
import { cosine, rowsOf } from '../helpers/oracles/losses.js';
import { naiveMatMul } from '../helpers/oracles/naive-array.js';
import { normals, normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { noiseBatch, BATCH as SMALL_BATCH, smallPretrainer } from '../helpers/training/small-training.js';
import { identityBackbone, sslContext } from '../helpers/training/ssl-parts.js';

const [SIZE, BATCH, QUEUE] = [5, 3, 9];
type Options = z.input<typeof moco.options>;
const plain = (tensor: HostTensor) => tensor.data as Float32Array;
const number = (tensor: HostTensor): number => plain(tensor)[0];
const unit = (row: number[]): number[] => row.map((value) => value / Math.hypot(...row));
const crops = (name: string): HostTensor => normalTensor([2 * BATCH, 1, SIZE], name, 2);

/** The method over a network without weights; the weights of both heads are drawn anew, so that they differ. */
async function open(session: Session, overrides: Options = {}) {
  const options = moco.options.parse({ queue: QUEUE, ...overrides });
  const method = moco.build({ ...sslContext(session, 1, identityBackbone(SIZE)), options });
  const heads = [...session.variables.values()].filter(({ name }) => !name.startsWith('ssl/queue'));
  await session.load(
    Object.fromEntries(heads.map(({ name, shape }) => [name, float32(normals(sizeOf(shape), name, 0.7), shape)])),
  );
  const loss = ({ global }: Record<string, Tensor>) => method.loss({ batch: BATCH, global, local: null }, {});
  const run = session.compile('run', (inputs: Record<string, Tensor>) => {
    const { loss: value, metrics, embeddings } = loss(inputs);
    return { loss: value, accuracy: metrics.accuracy, embeddings };
  });
  const queue = async () =>
    rowsOf(plain((await session.save())['ssl/queue/rows']), overrides.projection?.at(-1) ?? SIZE);
  return { options, method, loss, run, queue };
}

const margins: PlainMargin[] = [
  { kind: 'none', value: 0.1 },
  { kind: 'cosface', value: 0.2 },
  { kind: 'arcface', value: 0.4 },
];

/** As a recipe has it: no margin has no value. */
const written = (margin: PlainMargin) => (margin.kind === 'none' ? { kind: margin.kind } : margin);

for (const margin of margins) {
  test(`margin ${margin.kind}: loss, accuracy and the queue over several batches`, async (t) => {
    await withSession(async (session) => {
      const { run, queue } = await open(session, { margin: written(margin), temperature: 0.2 });
      const reference = await queue();
      for (let step = 0; step < 5; step++) {
        const global = crops(`batch${step}`);
        const rows = rowsOf(plain(global), SIZE);
        const [queries, keys] = [rows.slice(0, BATCH), rows.slice(BATCH)];
        const { loss, accuracy, embeddings } = await run({ global });
        close(t, [number(loss)], [mocoLoss(queries, keys, reference, { temperature: 0.2, margin })], 1e-5);
        const best = queries.filter((query, i) =>
          reference.every((key) => cosine(query, key) < cosine(query, keys[i])),
        );
        close(t, [number(accuracy)], [best.length / BATCH], 1e-6);
        t.deepEqual([...plain(embeddings)], queries.flat(), 'the embeddings are the first crops');
        // Written after the loss, first in, first out.
        reference.push(...keys.map(unit));
        reference.splice(0, BATCH);
        close(t, (await queue()).flat(), reference.flat(), 1e-6, `queue after batch ${step}`);
      }
    });
  });
}

test('with a projection: queries by the student, keys by the teacher', async (t) => {
  await withSession(async (session) => {
    const { run, queue } = await open(session, { projection: [7, 4], temperature: 0.3 });
    const [saved, before] = [await session.save(), await queue()];
    const project = (network: string, x: ArrayLike<number>) => {
      const value = (name: string) => plain(saved[`ssl/${network}/head/${name}`]);
      const linear = (a: ArrayLike<number>, [inputs, outputs]: [number, number], name: string) =>
        naiveMatMul(BATCH, inputs, outputs, a, value(`${name}/weight`)).map(
          (sum, i) => sum + value(`${name}/bias`)[i % outputs],
        );
      const hidden = linear(x, [SIZE, 7], 'layer1').map((v) => Math.max(v, 0));
      return rowsOf(linear(hidden, [7, 4], 'layer2'), 4);
    };
    const global = crops('global');
    const half = BATCH * SIZE;
    const queries = project('student', plain(global).slice(0, half));
    const keys = project('teacher', plain(global).slice(half));
    const margin: PlainMargin = { kind: 'none', value: 0 };
    close(
      t,
      [number((await run({ global })).loss)],
      [mocoLoss(queries, keys, before, { temperature: 0.3, margin })],
      1e-5,
    );
    close(t, (await queue()).slice(-BATCH).flat(), keys.flatMap(unit), 1e-5, 'keys in the queue');
  });
});

test('gradients in the query encoder', async (t) => {
  await withSession(async (session) => {
    const { method, loss } = await open(session, { projection: [8, 4], temperature: 0.5, margin: { kind: 'arcface' } });
    t.true(method.trained.every(({ name }) => name.startsWith('ssl/student/')));
    // As many keys go in at a time: the queue is put back in its place while differences are taken.
    const held = (await session.save())['ssl/queue/rows'];
    const forward = ({ global, rows }: Record<string, Tensor>) => {
      session.variables.get('ssl/queue/rows')!.assign(rows);
      return loss({ global }).loss;
    };
    await checkVariableGradients(t, session, method.trained, { global: crops('global'), rows: held }, forward);
  });
});

test('no gradient reaches keys, the momentum encoder or the queue', async (t) => {
  await withSession(async (session) => {
    const { method, loss } = await open(session, { projection: [6, 4] });
    const others = [...session.variables.values()].filter((variable) => !method.trained.includes(variable));
    t.true(others.some(({ name }) => name.startsWith('ssl/teacher/head/layer1')));
    const reach = session.compile('reach', ({ global }: Record<string, Tensor>) => {
      const { gradients } = differentiate(() => ({ loss: loss({ global }).loss, aux: {} }), others, true);
      t.deepEqual(gradients, []);
      return { slope: tf.grad((x: Tensor) => loss({ global: x }).loss)(global) };
    });
    const slope = plain((await reach({ global: crops('global') })).slope);
    t.true(slope.slice(0, BATCH * SIZE).every((value) => value !== 0));
    t.true(slope.slice(BATCH * SIZE).every((value) => value === 0));
  });
});

test('a training step: the momentum encoder follows, the queue moves on, the student is exported', async (t) => {
  await withSession(async (session) => {
    const tiny = { queue: 2 * SMALL_BATCH, momentum: 0.9, projection: [6, 4] };
    const trainer = smallPretrainer(
      session,
      { name: 'sgd' },
      {
        crops: { global: 2, local: 0 },
        build: (context) => moco.build({ ...context, options: moco.options.parse(tiny) }),
      },
    );
    t.deepEqual(Object.keys(trainer.method.networks), ['student', 'teacher']);
    const students = (saved: Record<string, HostTensor>) =>
      Object.keys(saved).filter((name) => name.startsWith('ssl/student/') && !/\/(mean|variance)$/.test(name));
    const twin = (name: string) => name.replace('ssl/student/', 'ssl/teacher/');
    let before = await session.save();
    for (const name of students(before)) t.deepEqual(before[twin(name)], before[name], `${name} starts equal`);
    for (const step of [0, 1]) {
      const metrics = await trainer.step(noiseBatch(step, { global: 2, local: 0 }), step, { rate: 0.1 });
      t.true(metrics.loss > 0 && metrics.embeddingStd > 0 && metrics.accuracy >= 0);
      const after = await session.save();
      for (const name of students(after)) {
        const expected = plain(before[twin(name)]).map((v, i) => 0.9 * v + 0.1 * plain(after[name])[i]);
        close(t, plain(after[twin(name)]), expected, 1e-6, twin(name));
      }
      const [old, now] = [before, after].map((saved) => rowsOf(plain(saved['ssl/queue/rows']), 4));
      t.deepEqual(now.slice(0, SMALL_BATCH), old.slice(SMALL_BATCH));
      close(
        t,
        now.map((row) => Math.hypot(...row)),
        now.map(() => 1),
        1e-5,
      );
      before = after;
    }
  });
});

test('batches that do not fit the queue, and a batch of one, are refused in a sentence', (t) => {
  const check = (queue: number, batch: number) => moco.check!(moco.options.parse({ queue }), { batch });
  t.deepEqual(moco.check!(moco.options.parse({}), { batch: 256 }), []);
  t.deepEqual(check(48, 48), []);
  t.regex(check(100, 48).join(), /^moco: .*100 rows must be a multiple of the 48 utterances.*set queue to 96/);
  t.regex(check(24, 48).join(), /set queue to 48/);
  t.regex(check(8, 1).join(), /^moco: .* 2 utterances.* 1.*batchSize/);
});

test('the published values are the defaults', (t) => {
  const { queue, momentum, temperature, margin, projection } = moco.options.parse({});
  t.deepEqual({ queue, momentum, temperature }, { queue: 65536, momentum: 0.999, temperature: 0.07 });
  t.is(margin.kind, 'none');
  t.deepEqual(projection, []);
});
