import test from 'ava';
import type { HostTensor } from '../../src/host-tensor.js';
import { close } from '../helpers/close.js';
import { withSession } from '../helpers/session.js';
import { noiseBatch, smallPretrainer } from '../helpers/training/small-training.js';

type Saved = Record<string, HostTensor>;
const plain = (tensor: HostTensor) => tensor.data as Float32Array;
const LAST = 'ssl/student/head/last-layer';

/** Trained weights of the student with the teacher's twin; running statistics are each network's own. */
const pairs = (saved: Saved): [student: string, teacher: string][] =>
  Object.keys(saved)
    .filter((name) => name.startsWith('ssl/student/') && !/\/(mean|variance)$/.test(name))
    .map((name) => [name, name.replace('ssl/student/', 'ssl/teacher/')]);

const values = (momentum: number, lastLayer = 1) => ({ rate: 0.1, momentum, teacherTemperature: 0.05, lastLayer });

test('the teacher starts as a copy of the student', async (t) => {
  await withSession(async (session) => {
    smallPretrainer(session);
    const saved = await session.save();
    // Four convolutions with norms, pooling norm, embedding; the head's two hidden layers without bias, bottleneck, last layer.
    t.is(pairs(saved).length, 4 * 3 + 2 + 2 + 2 * 3 + 2 + 1);
    for (const [student, teacher] of pairs(saved)) t.deepEqual(saved[teacher], saved[student], teacher);
    t.true(plain(saved['ssl/center/value']).every((value) => value === 0));
  });
});

test('in a step the teacher follows by the moving average alone', async (t) => {
  await withSession(async (session) => {
    const trainer = smallPretrainer(session, { name: 'sgd' });
    let before = await session.save();
    for (const [step, momentum] of [0.9, 0.5, 1].entries()) {
      const metrics = await trainer.step(noiseBatch(`batch${step}`), step, values(momentum));
      t.true(metrics.loss > 0 && metrics.teacherEntropy > 0 && metrics.embeddingStd > 0);
      const after = await session.save();
      for (const [student, teacher] of pairs(after)) {
        t.notDeepEqual(after[student], before[student], `${student} learns`);
        const expected = plain(before[teacher]).map((v, i) => momentum * v + (1 - momentum) * plain(after[student])[i]);
        close(t, plain(after[teacher]), expected, 1e-6, teacher);
        if (momentum === 1) t.deepEqual(after[teacher], before[teacher], `${teacher} stands still`);
      }
      t.notDeepEqual(after['ssl/teacher/backbone/pooling-norm/mean'], before['ssl/teacher/backbone/pooling-norm/mean']);
      before = after;
    }
  });
});

const optimizers = [
  { name: 'sgd', weightDecay: 0.1 },
  { name: 'adam', weightDecay: 0.1 },
  { name: 'adamw', weightDecay: 0.1 },
  { name: 'lars', weightDecay: 0.1 },
];
for (const optimizer of optimizers) {
  test(`the last layer stands still while it is frozen, against weight decay too (${optimizer.name})`, async (t) => {
    await withSession(async (session) => {
      const trainer = smallPretrainer(session, optimizer);
      const before = await session.save();
      for (const step of [0, 1]) await trainer.step(noiseBatch(step), step, values(0.9, 0));
      const frozen = await session.save();
      t.deepEqual(frozen[LAST], before[LAST]);
      t.deepEqual(frozen['ssl/teacher/head/last-layer'], before[LAST]);
      t.notDeepEqual(frozen['ssl/student/head/layer3/weight'], before['ssl/student/head/layer3/weight']);
      await trainer.step(noiseBatch(2), 2, values(0.9, 1));
      t.notDeepEqual((await session.save([LAST]))[LAST], before[LAST]);
    });
  });
}

test('biases and other 1-D weights do not decay, and each gradient is clipped by itself', async (t) => {
  // With a huge rate of decay and gradients clipped to nearly nothing, what still moves is what decays.
  await withSession(async (session) => {
    const trainer = smallPretrainer(session, { name: 'sgd', momentum: 0, weightDecay: 5, clipNorm: 1e-9 });
    const before = await session.save();
    await trainer.step(noiseBatch(0), 0, values(0.9));
    const after = await session.save();
    for (const [name] of pairs(before)) {
      const shrinks = before[name].shape.length > 1 ? 0.5 : 1;
      const expected = plain(before[name]).map((value) => shrinks * value);
      close(t, plain(after[name]), expected, 1e-6, name);
    }
  });
});

test('the first network is the teacher: it is the one exported', async (t) => {
  await withSession((session) => {
    const { networks } = smallPretrainer(session).method;
    t.deepEqual(Object.keys(networks), ['teacher', 'student']);
    t.is(networks.teacher.scope.path, 'ssl/teacher/backbone');
  });
});
