import test from 'ava';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { koleo } from '../../ssl/parts/koleo.js';
import { close } from '../helpers/close.js';
import { checkGradients } from '../helpers/finite-differences.js';
import { koleoPenalty } from '../helpers/oracles/koleo.js';
import { rowsOf } from '../helpers/oracles/losses.js';
import { normals, normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const evaluate = (x: HostTensor) =>
  withSession(async (session) => {
    const run = session.compile('run', (tensors: Record<string, Tensor>) => {
      const value = koleo(tensors.x);
      return { value, gradient: tf.grad((x) => koleo(x))(tensors.x) as Tensor };
    });
    const { value, gradient } = await run({ x });
    return { value: Number(value.data[0]), gradient: gradient.data as Float32Array };
  });

for (const rows of [2, 3, 12]) {
  test(`${rows} rows: the formula, whatever their lengths`, async (t) => {
    const x = normals(rows * 5, 'x').map((value, i) => value * (1 + (i % 5 === 0 ? 0 : Math.floor(i / 5))));
    const { value } = await evaluate(float32(x, [rows, 5]));
    close(t, [value], [koleoPenalty(rowsOf(x, 5))], 1e-5);
  });
}

test('by hand: an equilateral triangle on the circle', async (t) => {
  const corners = [0, 1, 2].flatMap((k) => [Math.cos((2 * Math.PI * k) / 3), Math.sin((2 * Math.PI * k) / 3)]);
  const { value } = await evaluate(float32(Float32Array.from(corners), [3, 2]));
  close(t, [value], [-0.5 * Math.log(3)], 1e-6);
});

test('gradients', async (t) => {
  // A small step: who is nearest must not change.
  await checkGradients(t, { x: normalTensor([6, 4], 'x') }, ({ x }) => koleo(x), { step: 0.005 });
});

test('copies of a row neither push each other nor make anything infinite', async (t) => {
  const rows = [1, 2, 3, 1, 2, 3, -1, 0, 2];
  const { value, gradient } = await evaluate(float32(Float32Array.from(rows), [3, 3]));
  t.true(Number.isFinite(value) && value > 0);
  t.true(gradient.every((g) => Math.abs(g) < 10));
  const zeros = await evaluate(float32(new Float32Array(6), [3, 2]));
  t.true(Number.isFinite(zeros.value) && zeros.gradient.every(Number.isFinite));
});
