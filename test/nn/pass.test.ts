import test from 'ava';
import fc from 'fast-check';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, type HostTensor, int32 } from '../../src/host-tensor.js';
import { maskTime, stridedPass } from '../../src/nn/pass.js';
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
