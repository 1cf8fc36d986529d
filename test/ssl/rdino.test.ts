import test from 'ava';
import type { Session } from '../../src/engine/session/session.js';
import type { HostTensor } from '../../src/host-tensor.js';
import dino from '../../ssl/dino.js';
import rdino from '../../ssl/rdino.js';
import { close } from '../helpers/close.js';
import { drawWeights } from '../helpers/networks/draw-weights.js';
import { vicregTerms } from '../helpers/oracles/decorrelation.js';
import { dinoHead } from '../helpers/oracles/dino-head.js';
import { dinoLoss, mean, type Rows, rowsOf } from '../helpers/oracles/losses.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { noiseBatch, smallPretrainer } from '../helpers/training/small-training.js';
import { identityBackbone, sslContext } from '../helpers/training/ssl-parts.js';
import { checkMethodGradients, runLoss } from '../helpers/training/ssl-runs.js';

const [SIZE, BATCH] = [6, 3];
const SMALL = { prototypes: 12, hiddenSize: 10, bottleneckSize: 5, tapSize: 7 };
const plain = (tensor: HostTensor) => tensor.data as Float32Array;
const crops = (count: number, name: string): HostTensor => normalTensor([count * BATCH, 1, SIZE], name);
const byView = (rows: Rows): Rows[] =>
  Array.from({ length: rows.length / BATCH }, (_, view) => rows.slice(view * BATCH, (view + 1) * BATCH));

async function open(session: Session, overrides: Record<string, number> = {}) {
  const options = rdino.options.parse({ ...SMALL, ...overrides });
  const method = rdino.build({ ...sslContext(session, 1, identityBackbone(SIZE)), options });
  await drawWeights(session);
  return method;
}

for (const globalCrops of [2, 3]) {
  test(`${globalCrops} global crops: DINO's loss and both terms on the mean taps of both networks`, async (t) => {
    await withSession(async (session) => {
      const method = await open(session, { globalCrops, localCrops: 2 });
      const inputs = { global: crops(globalCrops, 'global'), local: crops(2, 'local') };
      const before = await session.save();
      const result = await runLoss(session, method, BATCH, {
        ...inputs,
        teacherTemperature: 0.05,
        regularisation: 0.3,
      });

      const seen = rowsOf(plain(inputs.global), SIZE);
      const teacher = dinoHead(before, 'ssl/teacher/head', seen);
      const student = dinoHead(before, 'ssl/student/head', [...seen, ...rowsOf(plain(inputs.local), SIZE)]);
      const center = [...plain(before['ssl/center/value'])];
      const temperatures = { student: 0.1, teacher: 0.05 };
      const distillation = dinoLoss(byView(student.outputs), byView(teacher.outputs), center, temperatures).loss;
      const meanTap = (tap: Rows) => {
        const views = byView(tap).slice(0, globalCrops);
        return views[0].map((row, i) => row.map((_, d) => mean(views.map((view) => view[i][d]))));
      };
      const { variance, covariance } = vicregTerms(meanTap(student.tap), meanTap(teacher.tap));
      t.true(variance > 0.01 && covariance > 0.01, 'both terms count');
      close(t, [result.diversity, result.decorrelation], [variance / 2, covariance], 2e-5);
      close(t, [result.loss], [distillation + 0.3 * (10 * (variance / 2) + covariance)], 2e-5, 'loss');
    });
  });
}

test('gradients in the student, through both terms; none elsewhere', async (t) => {
  await withSession(async (session) => {
    // A momentum of 1 keeps the centre in its place while the differences are taken.
    const method = await open(session, { centerMomentum: 1, localCrops: 1 });
    const inputs = { global: crops(2, 'global'), local: crops(1, 'local'), teacherTemperature: 0.1, regularisation: 1 };
    await checkMethodGradients(t, session, method, BATCH, inputs);
  });
});

test('without weight it is DINO with a wider head, schedules and all', async (t) => {
  await withSession(async (session) => {
    const method = await open(session, { startWeight: 0, finalWeight: 0, localCrops: 0 });
    const inputs = { global: crops(2, 'global'), teacherTemperature: 0.05 };
    const before = await session.save();
    const { loss } = await runLoss(session, method, BATCH, { ...inputs, regularisation: 0 });
    const [student, teacher] = ['student', 'teacher'].map((name) =>
      byView(dinoHead(before, `ssl/${name}/head`, rowsOf(plain(inputs.global), SIZE)).outputs),
    );
    const center = [...plain(before['ssl/center/value'])];
    close(t, [loss], [dinoLoss(student, teacher, center, { student: 0.1, teacher: 0.05 }).loss], 2e-5);
    const moment = { step: 30, steps: 100, epoch: 0.5 };
    const { regularisation, ...schedule } = method.schedule!(moment);
    t.is(regularisation, 0);
    const { tapSize, ...head } = SMALL;
    const options = dino.options.parse({ ...head, finalTeacherTemperature: 0.04 });
    const other = await withSession((its) =>
      dino.build({ ...sslContext(its, 1, identityBackbone(SIZE)), options }).schedule!(moment),
    );
    t.deepEqual(schedule, other);
  });
});

test('the published schedule: 0.05 to 0.2 along a line in ten epochs, a fixed teacher temperature', async (t) => {
  await withSession(async (session) => {
    const { schedule } = await open(session);
    for (const [epoch, expected] of [
      [0, 0.05],
      [1, 0.065],
      [5, 0.125],
      [10, 0.2],
      [60, 0.2],
    ]) {
      const result = schedule!({ step: epoch * 10, steps: 700, epoch });
      close(t, [result.regularisation, result.teacherTemperature], [expected, 0.04], 1e-9, `epoch ${epoch}`);
    }
  });
  await withSession(async (session) => {
    const { schedule } = await open(session, { weightWarmupEpochs: 0 });
    t.is(schedule!({ step: 0, steps: 10, epoch: 0 }).regularisation, 0.2);
  });
});

test('a step trains the student, and the frozen last layer of the head stands still', async (t) => {
  await withSession(async (session) => {
    const options = rdino.options.parse({ ...SMALL, localCrops: 2 });
    const trainer = smallPretrainer(
      session,
      { name: 'sgd', weightDecay: 0.1 },
      { build: (context) => rdino.build({ ...context, options }) },
    );
    const before = await session.save();
    const values = { rate: 0.1, momentum: 0.9, teacherTemperature: 0.04, regularisation: 0.2 };
    const metrics = await trainer.step(noiseBatch(0), 0, { ...values, lastLayer: 0 });
    t.true(metrics.diversity > 0 && metrics.decorrelation >= 0 && metrics.teacherEntropy > 0);
    const after = await session.save();
    t.deepEqual(after['ssl/student/head/last-layer'], before['ssl/student/head/last-layer']);
    t.notDeepEqual(after['ssl/student/head/bottleneck/weight'], before['ssl/student/head/bottleneck/weight']);
    t.notDeepEqual(after['ssl/teacher/head/bottleneck/weight'], before['ssl/teacher/head/bottleneck/weight']);
  });
});

test('one utterance has no variance: refused', (t) => {
  const options = rdino.options.parse({});
  t.deepEqual(rdino.check!(options, { batch: 2 }), []);
  t.regex(rdino.check!(options, { batch: 1 }).join(), /rdino.*at least 2 utterances/);
  t.throws(() => rdino.options.parse({ tapSize: 1 }));
});
