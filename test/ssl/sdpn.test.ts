import test from 'ava';
import type { Session } from '../../src/engine/session/session.js';
import type { Tensor } from '../../src/engine/tf.js';
import type { HostTensor } from '../../src/host-tensor.js';
import sdpn from '../../ssl/sdpn.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import { drawWeights } from '../helpers/networks/draw-weights.js';
import { cosines, gelu, perceptron } from '../helpers/oracles/dino-head.js';
import { koleoPenalty } from '../helpers/oracles/koleo.js';
import { logSoftmax, mean, meanEntropy, type Rows, rowsOf, transposed } from '../helpers/oracles/losses.js';
import { sinkhornAssignments } from '../helpers/oracles/swav.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { noiseBatch, smallPretrainer } from '../helpers/training/small-training.js';
import { identityBackbone, sslContext } from '../helpers/training/ssl-parts.js';
import { checkMethodGradients, lossOn, runLoss } from '../helpers/training/ssl-runs.js';

const [SIZE, BATCH, PROTOTYPES] = [6, 4, 9];
const SMALL = { prototypes: PROTOTYPES, hiddenSize: 10, bottleneckSize: 5, localCrops: 2 };
const plain = (tensor: HostTensor) => tensor.data as Float32Array;
const crops = (count: number, name: string): HostTensor => normalTensor([count * BATCH, 1, SIZE], name);

async function open(session: Session, overrides: Record<string, number> = {}) {
  const options = sdpn.options.parse({ ...SMALL, ...overrides });
  const method = sdpn.build({ ...sslContext(session, 1, identityBackbone(SIZE)), options });
  await drawWeights(session);
  return method;
}

/** The published loss, step by step: soft nearest prototypes, p^(1/T) sharpening, Sinkhorn, cross-entropy, use, distances. */
function sdpnLoss(
  weights: Record<string, HostTensor>,
  global: Rows,
  local: Rows,
  weight: { entropy: number; koleo: number },
) {
  const nearest = (network: string, rows: Rows) =>
    cosines(weights, 'ssl/prototypes/value', perceptron(weights, `ssl/${network}/head`, 3, rows, gelu)).map((row) =>
      logSoftmax(row.map((value) => value / 0.1)).map(Math.exp),
    );
  const sharp = nearest('teacher', global).map((row) => row.map((p) => p ** 4));
  const sharpened = sharp.map((row) => row.map((p) => p / row.reduce((sum, q) => sum + q, 0)));
  const targets = sinkhornAssignments(
    sharpened.map((row) => row.map(Math.log)),
    3,
  );
  const p = nearest('student', local);
  const distillation = mean(
    p.map((row, i) => -row.reduce((sum, value, k) => sum + targets[i % BATCH][k] * Math.log(value), 0)),
  );
  const used = transposed(p).map(mean);
  const usage = -used.reduce((sum, value) => sum + value * Math.log(value), 0);
  const koleo = [0, 1].reduce((sum, crop) => sum + koleoPenalty(local.slice(crop * BATCH, (crop + 1) * BATCH)), 0);
  return {
    loss: distillation + weight.entropy * (Math.log(PROTOTYPES) - usage) + weight.koleo * koleo,
    teacherEntropy: meanEntropy(targets.map((row) => row.map(Math.log))),
    studentEntropy: meanEntropy(p.map((row) => row.map(Math.log))),
    usageEntropy: usage,
    koleo,
  };
}

for (const [entropyWeight, koleoWeight] of [
  [1, 0.1],
  [0, 0],
  [0.5, 2],
]) {
  test(`the loss with weights ${entropyWeight} and ${koleoWeight} is the formula's`, async (t) => {
    await withSession(async (session) => {
      const method = await open(session, { entropyWeight, koleoWeight });
      const inputs = { global: crops(1, 'global'), local: crops(2, 'local') };
      const before = await session.save();
      const result = await runLoss(session, method, BATCH, inputs);
      const [global, local] = [inputs.global, inputs.local].map((rows) => rowsOf(plain(rows), SIZE));
      const expected = sdpnLoss(before, global, local, { entropy: entropyWeight, koleo: koleoWeight });
      t.is(result.outputs, PROTOTYPES);
      for (const [name, value] of Object.entries(expected)) close(t, [result[name]], [value], 1e-5, name);
      t.deepEqual(
        (await session.save(['ssl/prototypes/value']))['ssl/prototypes/value'],
        before['ssl/prototypes/value'],
      );
    });
  });
}

test('gradients in student and prototypes; none in the teacher', async (t) => {
  await withSession(async (session) => {
    // Targets move with the prototypes, which the gradient does not see. Blunt ones are all equal: nothing moves them.
    const method = await open(session, { sharpening: 1e6 });
    t.deepEqual(
      method.trained.filter(({ name }) => !name.startsWith('ssl/student/')).map(({ name }) => name),
      ['ssl/prototypes/value'],
    );
    const inputs = { global: crops(1, 'global'), local: crops(2, 'local') };
    await checkMethodGradients(t, session, method, BATCH, inputs);
  });
  await withSession(async (session) => {
    const method = await open(session);
    const inputs = { global: crops(1, 'global'), local: crops(2, 'local') };
    const loss = (tensors: Record<string, Tensor>) => lossOn(method, BATCH)(tensors).loss;
    const students = method.trained.filter(({ name }) => name.startsWith('ssl/student/'));
    await checkVariableGradients(t, session, students, inputs, loss, { samples: 10 });
  });
});

test('it asks for one clean global crop and short ones, and for two utterances', (t) => {
  const options = sdpn.options.parse({});
  t.deepEqual(sdpn.views(options), { global: 1, local: 4, clean: true });
  t.deepEqual(sdpn.check!(options, { batch: 2 }), []);
  t.regex(sdpn.check!(options, { batch: 1 }).join(), /sdpn.*at least 2 utterances/);
});

test('the teacher follows by the moving average along a cosine; the prototypes learn', async (t) => {
  await withSession(async (session) => {
    const options = sdpn.options.parse(SMALL);
    const trainer = smallPretrainer(
      session,
      { name: 'sgd' },
      { crops: sdpn.views(options), build: (context) => sdpn.build({ ...context, options }) },
    );
    const schedule = trainer.method.schedule!;
    for (const step of [0, 25, 50, 100]) {
      const expected = 1 - 0.002 * (1 + Math.cos((Math.PI * step) / 100));
      close(t, [schedule({ step, steps: 100, epoch: 0 }).momentum], [expected], 1e-9);
    }
    const before = await session.save();
    const metrics = await trainer.step(noiseBatch(0, { global: 1, local: 2 }), 0, { rate: 0.1, momentum: 0.75 });
    t.true(metrics.embeddingStd > 0 && metrics.teacherEntropy > 0);
    const after = await session.save();
    t.notDeepEqual(after['ssl/prototypes/value'], before['ssl/prototypes/value']);
    for (const { name } of trainer.method.trained.filter(({ name }) => name.startsWith('ssl/student/'))) {
      const teacher = name.replace('student', 'teacher');
      t.deepEqual(before[teacher], before[name], `${name} starts alike`);
      const expected = plain(before[teacher]).map((v, i) => 0.75 * v + 0.25 * plain(after[name])[i]);
      close(t, plain(after[teacher]), expected, 1e-6, teacher);
    }
    t.deepEqual(Object.keys(trainer.method.networks), ['teacher', 'student']);
  });
});
