import test from 'ava';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { sinkhorn } from '../../src/nn/sinkhorn.js';
import { close } from '../helpers/close.js';
import { rowsOf } from '../helpers/oracles/losses.js';
import { sinkhornAssignments } from '../helpers/oracles/swav.js';
import { normals } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const plain = (tensor: HostTensor) => tensor.data as Float32Array;

const assign = (scores: Float32Array, rows: number, iterations: number): Promise<Float32Array> =>
  withSession(async (session) => {
    const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({ q: sinkhorn(x, iterations) }));
    return plain((await run({ x: float32(scores, [rows, scores.length / rows]) })).q);
  });

for (const [rows, prototypes, iterations] of [
  [6, 4, 1],
  [6, 4, 3],
  [3, 10, 3],
]) {
  test(`${rows} rows, ${prototypes} prototypes, ${iterations} iterations: as the paper's loop`, async (t) => {
    const scores = normals(rows * prototypes, 'scores', 4);
    const found = await assign(scores, rows, iterations);
    const expected = sinkhornAssignments(rowsOf(scores, prototypes), iterations);
    close(t, found, expected.flat(), 1e-6);
  });
}

test('many iterations share the rows out equally', async (t) => {
  const q = rowsOf(await assign(normals(8 * 4, 'balance', 2), 8, 50), 4);
  const sums = [0, 1, 2, 3].map((prototype) => q.reduce((sum, row) => sum + row[prototype], 0));
  close(t, sums, [2, 2, 2, 2], 1e-4);
});

test('scores that no float can hold the exponential of', async (t) => {
  const large = await assign(Float32Array.of(900, -900, -900, 900, 880, -880), 3, 3);
  close(t, [large[0], large[3]], [1, 1], 1e-6);
  t.true(large.every((value) => value >= 0 && value <= 1 + 1e-6));
  // A prototype far from every row still gets its share.
  const far = rowsOf(await assign(Float32Array.of(0, -300, 0, -300), 2, 3), 2);
  close(t, far.flat(), [0.5, 0.5, 0.5, 0.5], 1e-6);
});

test('no gradient flows through', async (t) => {
  await withSession(async (session) => {
    const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({
      slope: tf.grad((scores: Tensor) => tf.sum(tf.mul(scores, sinkhorn(scores, 2))))(x),
      q: sinkhorn(x, 2),
    }));
    const { slope, q } = await run({ x: float32(normals(12, 'x'), [4, 3]) });
    t.deepEqual([...plain(slope)], [...plain(q)]);
  });
});
