import test from 'ava';
import { differentiate } from '../../src/engine/autodiff.js';
import type { Session } from '../../src/engine/session/session.js';
import type { Tensor } from '../../src/engine/tf.js';
import type { HostTensor } from '../../src/host-tensor.js';
import dino from '../../ssl/dino.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import { drawWeights } from '../helpers/networks/draw-weights.js';
import { dinoHead } from '../helpers/oracles/dino-head.js';
import { dinoLoss, meanEntropy, rowsOf } from '../helpers/oracles/losses.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { identityBackbone, sslContext } from '../helpers/training/ssl-parts.js';

const [SIZE, BATCH, PROTOTYPES] = [6, 3, 12];
const SMALL = { prototypes: PROTOTYPES, hiddenSize: 10, bottleneckSize: 5 };
const plain = (tensor: HostTensor) => tensor.data as Float32Array;
const number = (tensor: HostTensor) => plain(tensor)[0];

/** The method over a network without weights; every weight of both heads is drawn anew, so that they differ. */
async function open(session: Session, overrides: Record<string, number> = {}) {
  const options = dino.options.parse({ ...SMALL, ...overrides });
  const method = dino.build({ ...sslContext(session, 1, identityBackbone(SIZE)), options });
  await drawWeights(session);
  const loss = ({ global, local, temperature }: Record<string, Tensor>) =>
    method.loss({ batch: BATCH, global, local: local ?? null }, { teacherTemperature: temperature });
  const run = session.compile('run', (inputs: Record<string, Tensor>) => {
    const { loss: value, metrics } = loss(inputs);
    const { teacherEntropy, studentEntropy } = metrics;
    return { loss: value, teacherEntropy, studentEntropy };
  });
  return { options, method, loss, run };
}

const crops = (count: number, name: string): HostTensor => normalTensor([count * BATCH, 1, SIZE], name);

/** Crop-major rows as [view][utterance]. */
const byView = (rows: number[][]): number[][][] =>
  Array.from({ length: rows.length / BATCH }, (_, view) => rows.slice(view * BATCH, (view + 1) * BATCH));

for (const [globalCrops, localCrops, terms] of [
  [2, 4, 10],
  [2, 0, 2],
  [3, 2, 12],
]) {
  test(`${globalCrops} global and ${localCrops} local crops: ${terms} terms, as in the formula`, async (t) => {
    await withSession(async (session) => {
      const { run } = await open(session, { globalCrops, localCrops });
      const [global, local] = [crops(globalCrops, 'global'), localCrops > 0 ? crops(localCrops, 'local') : null];
      const before = await session.save();
      const result = await run({ global, ...(local ? { local } : {}), temperature: 0.05 });

      const views = { teacher: rowsOf(plain(global), SIZE), student: rowsOf(plain(global), SIZE) };
      if (local) views.student.push(...rowsOf(plain(local), SIZE));
      const teacher = dinoHead(before, 'ssl/teacher/head', views.teacher).outputs;
      const student = dinoHead(before, 'ssl/student/head', views.student).outputs;
      const center = [...plain(before['ssl/center/value'])];
      const expected = dinoLoss(byView(student), byView(teacher), center, { student: 0.1, teacher: 0.05 });
      t.is(expected.terms, terms);
      close(t, [number(result.loss)], [expected.loss], 2e-5, 'loss');

      const sharpened = teacher.map((row) => row.map((value, k) => (value - center[k]) / 0.05));
      close(t, [number(result.teacherEntropy)], [meanEntropy(sharpened)], 1e-4, 'teacher entropy');
      const scaled = student.map((row) => row.map((value) => value / 0.1));
      close(t, [number(result.studentEntropy)], [meanEntropy(scaled)], 1e-4, 'student entropy');

      const means = center.map((_, k) => teacher.reduce((sum, row) => sum + row[k], 0) / teacher.length);
      const moved = plain((await session.save())['ssl/center/value']);
      close(
        t,
        moved,
        center.map((value, k) => 0.9 * value + 0.1 * means[k]),
        1e-6,
        'centre',
      );
    });
  });
}

test('gradients in the student', async (t) => {
  await withSession(async (session) => {
    // A momentum of 1 keeps the centre in its place while the differences are taken.
    const { method, loss } = await open(session, { centerMomentum: 1, localCrops: 2 });
    const inputs = { global: crops(2, 'global'), local: crops(2, 'local'), temperature: 0.1 };
    const forward = (tensors: Record<string, Tensor>) => loss(tensors).loss;
    await checkVariableGradients(t, session, method.trained, inputs, forward, { samples: 10 });
  });
});

test('no gradient reaches the teacher or the centre', async (t) => {
  await withSession(async (session) => {
    const { method, loss } = await open(session, { localCrops: 1 });
    const inputs = { global: crops(2, 'global'), local: crops(1, 'local'), temperature: 0.05 };
    const others = [...session.variables.values()].filter((variable) => !method.trained.includes(variable));
    t.true(others.some(({ name }) => name.startsWith('ssl/teacher/head/layer1')));
    const reach = session.compile('reach', (tensors: Record<string, Tensor>) => {
      const { gradients } = differentiate(() => ({ loss: loss(tensors).loss, aux: {} }), others, true);
      t.deepEqual(gradients, []);
      return {};
    });
    await reach(inputs);
  });
});
