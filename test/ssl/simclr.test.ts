import test from 'ava';
import type { z } from 'zod';
import type { Session } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import simclr from '../../ssl/simclr.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import { angularPrototypicalLoss, ntXentWithMargin, type PlainMargin } from '../helpers/oracles/contrastive.js';
import { cosine, ntXentLoss, rowsOf } from '../helpers/oracles/losses.js';
import { normals, normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { identityBackbone, sslContext } from '../helpers/training/ssl-parts.js';

const SIZE = 5;

type Options = z.input<typeof simclr.options>;

function open(session: Session, batch: number, overrides: Options) {
  const context = sslContext(session, 1, identityBackbone(SIZE));
  const method = simclr.build({ ...context, options: simclr.options.parse(overrides) });
  const loss = (global: Tensor) => method.loss({ batch, global, local: null }, {});
  const run = session.compile('run', ({ global }: Record<string, Tensor>) => {
    const { loss: value, metrics } = loss(global);
    return { loss: value, accuracy: metrics.accuracy };
  });
  return { method, loss, run };
}

const number = (tensor: HostTensor): number => (tensor.data as Float32Array)[0];

test('it asks for two global crops and exports its one network', async (t) => {
  await withSession((session) => {
    t.deepEqual(simclr.views(simclr.options.parse({})), { global: 2, local: 0 });
    t.deepEqual(Object.keys(open(session, 2, {}).method.networks), ['student']);
  });
});

test('two utterances, by hand', async (t) => {
  await withSession(async (session) => {
    const { run } = open(session, 2, { temperature: 0.5 });
    // In a plane: first crops along (1, 0) and (0, 1), second crops along (0.6, 0.8) and (0.8, 0.6).
    const plane = rowsOf([2, 0, 0, 3, 0.6, 0.8, 0.4, 0.3], 2).flatMap((row) => [...row, 0, 0, 0]);
    const global = float32(plane, [4, 1, SIZE]);
    // Each row's cosines to its partner and to the two others.
    const rows = rowsOf([0.6, 0, 0.8, 0.6, 0, 0.8, 0.6, 0.8, 0.96, 0.6, 0.8, 0.96], 3);
    const losses = rows.map((cosines) => {
      const [own, ...others] = cosines.map((value) => Math.exp(2 * value));
      return -Math.log(own / (own + others[0] + others[1]));
    });
    const { loss, accuracy } = await run({ global });
    close(t, [number(loss)], [losses.reduce((sum, value) => sum + value, 0) / 4], 1e-6);
    // Each row lies nearer to a crop of the other utterance.
    t.is(number(accuracy), 0);
  });
});

/** Crops of seven utterances, long and short; those of one utterance resemble each other, but for the last one's, which are opposed. */
const BATCH = 7;
const x = normals(2 * BATCH * SIZE, 'x', 2);
for (let i = 0; i < BATCH * SIZE; i++) x[BATCH * SIZE + i] += (i < (BATCH - 1) * SIZE ? 1 : -4) * x[i];
const global = float32(x, [2 * BATCH, 1, SIZE]);
const rows = rowsOf(x, SIZE);
const views = [rows.slice(0, BATCH), rows.slice(BATCH)] as const;
/** The index of the nearest of `candidates`, by cosine. */
const nearest = (row: number[], candidates: number[][], except = -1): number => {
  const cosines = candidates.map((other, j) => (j === except ? -2 : cosine(row, other)));
  return cosines.indexOf(Math.max(...cosines));
};
const margins: PlainMargin[] = [
  { kind: 'none', value: 0.1 },
  { kind: 'cosface', value: 0.2 },
  { kind: 'arcface', value: 0.8 },
];

for (const temperature of [0.07, 0.5]) {
  test(`random crops agree with the formula at temperature ${temperature}`, async (t) => {
    await withSession(async (session) => {
      const { run } = open(session, BATCH, { temperature });
      const { loss, accuracy } = await run({ global });
      close(t, [number(loss)], [ntXentLoss(views, temperature)], 1e-5);
      const found = rows.filter((row, i) => nearest(row, rows, i) === (i + BATCH) % (2 * BATCH)).length;
      close(t, [number(accuracy)], [found / (2 * BATCH)], 1e-6);
    });
  });
}

/** As a recipe has it: no margin has no value. */
const written = (margin: PlainMargin) => (margin.kind === 'none' ? { kind: margin.kind } : margin);

for (const margin of margins) {
  test(`margin ${margin.kind}: NT-Xent as in the formula, accuracy without it`, async (t) => {
    await withSession(async (session) => {
      const { run } = open(session, BATCH, { temperature: 0.2, margin: written(margin) });
      const { loss, accuracy } = await run({ global });
      close(t, [number(loss)], [ntXentWithMargin(views, 0.2, margin)], 1e-5);
      const found = rows.filter((row, i) => nearest(row, rows, i) === (i + BATCH) % (2 * BATCH)).length;
      close(t, [number(accuracy)], [found / (2 * BATCH)], 1e-6);
    });
  });

  test(`margin ${margin.kind}: angular prototypical as in the formula, from w = 10 and b = -5`, async (t) => {
    await withSession(async (session) => {
      const { method, run } = open(session, BATCH, { loss: 'angular-prototypical', margin: written(margin) });
      t.deepEqual(
        method.trained.map(({ name, shape }) => [name, shape]),
        [
          ['ssl/scale/weight', []],
          ['ssl/scale/bias', []],
        ],
      );
      const { loss, accuracy } = await run({ global });
      close(t, [number(loss)], [angularPrototypicalLoss(views, { w: 10, b: -5, margin })], 1e-5);
      const found = views[0].filter((row, i) => nearest(row, views[1]) === i).length;
      close(t, [number(accuracy)], [found / BATCH], 1e-6);
      await session.load({ 'ssl/scale/weight': float32(3, []), 'ssl/scale/bias': float32(1, []) });
      close(t, [number((await run({ global })).loss)], [angularPrototypicalLoss(views, { w: 3, b: 1, margin })], 1e-5);
      // A negative scale would make far crops the near ones: it counts as (nearly) none.
      await session.load({ 'ssl/scale/weight': float32(-3, []) });
      close(t, [number((await run({ global })).loss)], [Math.log(BATCH)], 1e-5);
    });
  });
}

test('the margins meet a pair that passes pi', (t) => {
  const angles = views[0].map((row, i) => Math.acos(cosine(row, views[1][i])));
  t.true(angles.some((angle) => angle + 0.8 > Math.PI) && angles.some((angle) => angle + 0.8 < Math.PI));
});

test('gradients in the embeddings and through the projection head', async (t) => {
  await withSession(async (session) => {
    const x = session.variable('x', [6, 1, SIZE], normalTensor([6, 1, SIZE], 'crops', 2));
    const { method, loss } = open(session, 3, { temperature: 0.5, projection: [16, 4] });
    t.is(method.trained.length, 4);
    await checkVariableGradients(t, session, [x, ...method.trained], {}, () => loss(x.read()).loss);
  });
});

for (const margin of margins.slice(1)) {
  test(`gradients of the angular prototypical loss with margin ${margin.kind}, in its scale too`, async (t) => {
    await withSession(async (session) => {
      const x = session.variable('x', [8, 1, SIZE], normalTensor([8, 1, SIZE], 'crops', 2));
      const { method, loss } = open(session, 4, { loss: 'angular-prototypical', margin: written(margin) });
      await checkVariableGradients(t, session, [x, ...method.trained], {}, () => loss(x.read()).loss);
    });
  });
}

test('crops that are all equal: a finite loss of no information, finite gradients', async (t) => {
  for (const overrides of [{}, { loss: 'angular-prototypical' as const }]) {
    for (const margin of margins) {
      await withSession(async (session) => {
        const { loss } = open(session, 3, { ...overrides, margin: written({ ...margin, value: 0 }) });
        const run = session.compile('run', ({ same }: Record<string, Tensor>) => ({
          loss: loss(same).loss,
          gradient: tf.grad((crops: Tensor) => loss(crops).loss)(same),
        }));
        const result = await run({ same: float32(new Float32Array(6 * SIZE).fill(1), [6, 1, SIZE]) });
        close(t, [number(result.loss)], [Math.log('loss' in overrides ? 3 : 5)], 1e-4);
        t.true((result.gradient.data as Float32Array).every(Number.isFinite));
      });
    }
  }
});

test('a batch of one utterance has no negatives', (t) => {
  const check = (batch: number) => simclr.check!(simclr.options.parse({}), { batch });
  t.deepEqual(check(2), []);
  t.regex(check(1).join(), /^simclr: .*negatives.* 2 utterances.* 1.*batchSize/);
});
