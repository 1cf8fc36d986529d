import test from 'ava';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { meanEntropy, spread, unit } from '../../src/nn/statistics.js';
import { close } from '../helpers/close.js';
import { checkGradients } from '../helpers/finite-differences.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const plain = (tensor: HostTensor) => [...(tensor.data as Float32Array)];

test('the entropy is 0 for a certain row, log K for an even one, their mean for both', async (t) => {
  await withSession(async (session) => {
    const run = session.compile('run', ({ p }: Record<string, Tensor>) => ({ entropy: meanEntropy(p) }));
    const entropy = async (rows: number[][]) => {
      const p = float32(Float32Array.from(rows.flat()), [rows.length, rows[0].length]);
      return Number((await run({ p })).entropy.data[0]);
    };
    const [certain, even] = [
      [0, 1, 0, 0],
      [0.25, 0.25, 0.25, 0.25],
    ];
    close(
      t,
      [await entropy([certain]), await entropy([even]), await entropy([certain, even])],
      [0, Math.log(4), Math.log(2)],
      1e-6,
    );
  });
});

test('unit vectors and their gradients, a vector of zeros included', async (t) => {
  const x = normalTensor([3, 4], 'x');
  await checkGradients(t, { x }, ({ x: rows }) => unit(rows, 1));
  await checkGradients(t, { x }, ({ x: rows }) => unit(rows, 0));
  await withSession(async (session) => {
    const run = session.compile('run', ({ zeros }: Record<string, Tensor>) => ({
      y: unit(zeros, 1),
      gradient: tf.grad((rows: Tensor) => unit(rows, 1))(zeros),
    }));
    const { y, gradient } = await run({ zeros: float32(new Float32Array(4), [1, 4]) });
    t.deepEqual(plain(y), [0, 0, 0, 0]);
    t.true(plain(gradient).every(Number.isFinite));
  });
});

test('the spread of rows is 0 when all are the same', async (t) => {
  await withSession(async (session) => {
    const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({ y: spread(x) }));
    t.deepEqual(plain((await run({ x: float32([1, 2, 1, 2, 1, 2], [3, 2]) })).y), [0]);
    close(
      t,
      plain((await run({ x: float32([0, 1, 2, 5, 4, 9], [3, 2]) })).y),
      [(Math.sqrt(8 / 3) + Math.sqrt(32 / 3)) / 2],
      1e-6,
    );
  });
});
