import test from 'ava';
import fc from 'fast-check';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, type HostTensor, int32 } from '../../src/host-tensor.js';
import { maskTime, stridedPass } from '../../src/nn/pass.js';
import { spread, unit } from '../../src/nn/unit.js';
import { close } from '../helpers/close.js';
import { checkGradients } from '../helpers/finite-differences.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const plain = (tensor: HostTensor) => [...(tensor.data as Float32Array)];

test('frames beyond the length become zero, in tensors of any rank', async (t) => {
  await withSession(async (session) => {
    const run = session.compile('run', ({ x, lengths }: Record<string, Tensor>) => ({
      three: maskTime(x, { training: false, lengths }),
      four: maskTime(tf.expandDims(x, 3), { training: false, lengths }),
      all: maskTime(x, { training: false }),
    }));
    const x = float32([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 3, 2]);
    const { three, four, all } = await run({ x, lengths: int32([1, 2]) });
    t.deepEqual(plain(three), [1, 2, 0, 0, 0, 0, 7, 8, 9, 10, 0, 0]);
    t.deepEqual(plain(four), plain(three));
    t.deepEqual(four.shape, [2, 3, 2, 1]);
    t.deepEqual(plain(all), plain(x));
  });
});

test('a stride divides lengths, rounding up', async (t) => {
  await withSession(async (session) => {
    const run = session.compile('run', ({ lengths }: Record<string, Tensor>) => {
      const pass = { training: false, lengths };
      return {
        one: stridedPass(pass, 1).lengths!,
        two: stridedPass(pass, 2).lengths!,
        three: stridedPass(pass, 3).lengths!,
      };
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3000), { minLength: 4, maxLength: 4 }), async (lengths) => {
        const found = await run({ lengths: int32(lengths) });
        t.deepEqual(plain(found.one), lengths);
        t.deepEqual(
          plain(found.two),
          lengths.map((length) => Math.ceil(length / 2)),
        );
        t.deepEqual(
          plain(found.three),
          lengths.map((length) => Math.ceil(length / 3)),
        );
      }),
      { numRuns: 50, seed: 1 },
    );
    const free = { training: true };
    t.is(stridedPass(free, 2), free);
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
