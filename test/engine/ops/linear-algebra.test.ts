import test from 'ava';
import { cholesky, choleskySolve, triangularSolve } from '../../../src/engine/ops/linear-algebra.js';
import type { Tensor } from '../../../src/engine/tf.js';
import { float32 } from '../../../src/host-tensor.js';
import { close } from '../../helpers/close.js';
import { withSession } from '../../helpers/session.js';

// L = [[2, 0], [1, 3]] and [[1, 0], [-2, 0.5]]; x = L L^T.
const LOWER = [2, 0, 1, 3, 1, 0, -2, 0.5];
const X = [4, 2, 2, 10, 1, -2, -2, 4.25];

test('factors, triangular systems and whole ones are those worked out by hand', async (t) => {
  const outputs = await withSession((session) => {
    const run = session.compile('algebra', ({ x, b }: Record<string, Tensor>) => {
      const lower = cholesky(x);
      return {
        lower,
        solved: choleskySolve(lower, b),
        forward: triangularSolve(lower, b),
        back: triangularSolve(lower, b, true),
      };
    });
    return run({ x: float32(X, [2, 2, 2]), b: float32([4, 5, 1, 2], [2, 2, 1]) });
  });
  const values = (name: keyof typeof outputs) => outputs[name].data as Float32Array;
  close(t, values('lower'), LOWER, 1e-6);
  close(t, values('forward'), [2, 1, 1, 8], 1e-6);
  close(t, values('back'), [7 / 6, 5 / 3, 9, 4], 1e-6);
  close(t, values('solved'), [(4 * 10 - 2 * 5) / 36, (4 * 5 - 2 * 4) / 36, 33, 16], 1e-5);
});
