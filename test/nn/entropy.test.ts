import test from 'ava';
import type { Tensor } from '../../src/engine/tf.js';
import { float32 } from '../../src/host-tensor.js';
import { meanEntropy } from '../../src/nn/entropy.js';
import { close } from '../helpers/close.js';
import { withSession } from '../helpers/session.js';

test('0 for a certain row, log K for an even one, their mean for both', async (t) => {
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
