import test from 'ava';
import type { Session } from '../../src/engine/session/session.js';
import type { HostTensor } from '../../src/host-tensor.js';
import byol from '../../ssl/byol.js';
import { close } from '../helpers/close.js';
import { drawWeights } from '../helpers/networks/draw-weights.js';
import { perceptron } from '../helpers/oracles/dino-head.js';
import { cosine, mean, rowsOf } from '../helpers/oracles/losses.js';
import { relativeSpread } from '../helpers/oracles/spread.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { noiseBatch, smallPretrainer } from '../helpers/training/small-training.js';
import { identityBackbone, sslContext } from '../helpers/training/ssl-parts.js';
import { checkMethodGradients, runLoss } from '../helpers/training/ssl-runs.js';

const [SIZE, BATCH] = [6, 4];
const SMALL = { projection: [10, 5], predictorSize: 8 };
const plain = (tensor: HostTensor) => tensor.data as Float32Array;
const relu = (x: number): number => Math.max(0, x);

async function open(session: Session) {
  const method = byol.build({ ...sslContext(session, 1, identityBackbone(SIZE)), options: byol.options.parse(SMALL) });
  await drawWeights(session);
  return method;
}

test('the loss is the sum over both directions of squared distances of unit vectors', async (t) => {
  await withSession(async (session) => {
    const method = await open(session);
    const global = normalTensor([2 * BATCH, 1, SIZE], 'global');
    const weights = await session.save();
    const result = await runLoss(session, method, BATCH, { global });

    const rows = rowsOf(plain(global), SIZE);
    const targets = perceptron(weights, 'ssl/teacher/head', 2, rows, relu);
    const projections = perceptron(weights, 'ssl/student/head', 2, rows, relu);
    const predictions = perceptron(weights, 'ssl/predictor', 2, projections, relu);
    const unit = (row: number[]) => row.map((value) => value / Math.hypot(...row));
    const distance = (a: number[], b: number[]) => a.reduce((sum, value, d) => sum + (value - b[d]) ** 2, 0);
    const direction = (from: number, to: number) =>
      mean(
        Array.from({ length: BATCH }, (_, i) =>
          distance(unit(predictions[from * BATCH + i]), unit(targets[to * BATCH + i])),
        ),
      );
    close(t, [result.loss], [direction(0, 1) + direction(1, 0)], 1e-5, 'loss');
    const cosines = predictions.map((row, i) => cosine(row, targets[(i + BATCH) % (2 * BATCH)]));
    close(t, [result.cosine], [mean(cosines)], 1e-5, 'cosine');
    close(t, [result.projectionSpread], [relativeSpread(projections)], 1e-5, 'spread');
  });
});

test('gradients in student, projector and predictor; none in the teacher', async (t) => {
  await withSession(async (session) => {
    const method = await open(session);
    t.is(method.trained.length, 2 * 5, 'two heads of two layers: weight, scale, offset, weight, bias');
    const global = normalTensor([2 * BATCH, 1, SIZE], 'global');
    await checkMethodGradients(t, session, method, BATCH, { global }, { step: 0.004 });
  });
});

test('the teacher starts alike and follows by the moving average; nothing follows the predictor', async (t) => {
  await withSession(async (session) => {
    const options = byol.options.parse(SMALL);
    const trainer = smallPretrainer(
      session,
      { name: 'sgd' },
      { crops: byol.views(options), build: (context) => byol.build({ ...context, options }) },
    );
    let before = await session.save();
    for (const name of Object.keys(before).filter((name) => name.startsWith('ssl/student/')))
      t.deepEqual(before[name.replace('student', 'teacher')], before[name], name);
    for (const [step, momentum] of [0.9, 1].entries()) {
      const metrics = await trainer.step(noiseBatch(step, { global: 2, local: 0 }), step, { rate: 0.1, momentum });
      t.true(metrics.projectionSpread > 0 && metrics.embeddingStd > 0);
      const after = await session.save();
      for (const { name } of trainer.method.trained) {
        t.notDeepEqual(after[name], before[name], `${name} learns`);
        if (!name.startsWith('ssl/student/')) continue;
        const teacher = name.replace('student', 'teacher');
        const expected = plain(before[teacher]).map((v, i) => momentum * v + (1 - momentum) * plain(after[name])[i]);
        close(t, plain(after[teacher]), expected, 1e-6, teacher);
      }
      before = after;
    }
    t.deepEqual(Object.keys(trainer.method.networks), ['teacher', 'student']);
  });
});

test('the published schedule: 0.996 to 1 along a cosine', async (t) => {
  await withSession((session) => {
    const options = byol.options.parse({});
    t.deepEqual(byol.views(options), { global: 2, local: 0 });
    const { schedule } = byol.build({
      ...sslContext(session, 1, identityBackbone(SIZE)),
      options: { ...options, ...SMALL },
    });
    for (const step of [0, 10, 50, 100]) {
      // 1 - (1 - tau) (cos(pi k / K) + 1) / 2, as in the paper.
      const expected = 1 - (0.004 * (Math.cos((Math.PI * step) / 100) + 1)) / 2;
      close(t, [schedule!({ step, steps: 100, epoch: 0 }).momentum], [expected], 1e-9);
    }
  });
});

test('one utterance is refused', (t) => {
  const options = byol.options.parse({});
  t.deepEqual(byol.check!(options, { batch: 2 }), []);
  t.regex(byol.check!(options, { batch: 1 }).join(), /byol.*at least 2 utterances/);
});
