import test from 'ava';
import type { Tensor } from '../../../src/engine/tf.js';
import { tf } from '../../../src/engine/tf.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import { createScope } from '../../../src/nn/scope.js';
import { createMovingAverage } from '../../../src/train/averaging/moving-average.js';
import { close } from '../../helpers/close.js';
import { withSession } from '../../helpers/session.js';
import { noiseBatch, smallPretrainer } from '../../helpers/training/small-training.js';

const values = ({ data }: HostTensor): number[] => [...data].map(Number);

test('the mean of weights and statistics by the formula; whole numbers as they are', async (t) => {
  await withSession(async (session) => {
    const scope = createScope(session, 'net', 1);
    const weight = scope.param('weight', [2], 5);
    const statistic = scope.buffer('mean', [2], 1);
    const count = scope.buffer('count', [1], 0, 'int32');
    const average = createMovingAverage(session, [scope], 0.4);
    const update = session.compile('update', ({ step, value }: Record<string, Tensor>) => {
      weight.assign(value);
      statistic.assign(tf.mul(value, 10));
      count.assign(tf.add(count.read(), tf.scalar(1, 'int32')));
      average.update(step);
      return {};
    });
    let expected = [0, 0];
    for (const [step, value] of [3, -1, 7, 2, 2, 9].entries()) {
      await update({ step, value: { dtype: 'float32', shape: [2], data: Float32Array.of(value, 2 * value) } });
      const decay = step === 0 ? 0 : Math.min(0.4, (1 + step) / (10 + step));
      expected = expected.map((mean, i) => decay * mean + (1 - decay) * value * (i + 1));
      const mean = await average.read();
      t.deepEqual(Object.keys(mean).sort(), ['net/count', 'net/mean', 'net/weight']);
      close(t, values(mean['net/weight']), expected, 1e-5);
      close(
        t,
        values(mean['net/mean']),
        expected.map((x) => 10 * x),
        1e-4,
      );
      t.deepEqual(values(mean['net/count']), [step + 1]);
    }
    t.deepEqual(values((await session.save())['net/weight']), [9, 18]);
  });
});

test('a method keeps the mean of its first network, and trains as without it', async (t) => {
  const run = (average?: { decay: number }) =>
    withSession(async (session) => {
      const trainer = smallPretrainer(session, {}, { average });
      const steps: Record<string, HostTensor>[] = [];
      for (let step = 0; step < 3; step++) {
        await trainer.step(noiseBatch(step), step, {
          rate: 0.01,
          ...trainer.method.schedule?.({ step, steps: 3, epoch: 0 }),
        });
        steps.push(await session.save());
      }
      return { steps, mean: (await trainer.average.result(3))?.weights };
    });
  const [plain, averaged] = [await run(), await run({ decay: 0.9 })];
  t.is(plain.mean, undefined);
  const names = Object.keys(averaged.mean!);
  t.true(names.some((name) => name.endsWith('/variance')));
  for (const name of names) {
    const [first, second, third] = plain.steps.map((saved) => values(saved[name]));
    const expected = first.map((x, i) => 0.25 * ((2 / 11) * x + (9 / 11) * second[i]) + 0.75 * third[i]);
    close(t, values(averaged.mean![name]), expected, 1e-5, name);
    t.deepEqual(values(averaged.steps[2][name]), third);
  }
});
