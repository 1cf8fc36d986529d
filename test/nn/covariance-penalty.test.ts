import test from 'ava';
import type { Tensor } from '../../src/engine/tf.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { covariancePenalty } from '../../src/nn/decorrelation.js';
import { close } from '../helpers/close.js';
import { checkGradients } from '../helpers/finite-differences.js';
import { vicregTerms } from '../helpers/oracles/decorrelation.js';
import { rowsOf } from '../helpers/oracles/losses.js';
import { normals, normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const penalty = (x: HostTensor): Promise<number> =>
  withSession(async (session) => {
    const run = session.compile('run', (inputs: Record<string, Tensor>) => ({ y: covariancePenalty(inputs.x) }));
    return Number((await run({ x })).y.data[0]);
  });

// Few rows of many dimensions go another way than many rows of few.
for (const [rows, size] of [
  [12, 4],
  [6, 11],
  [6, 12],
  [2, 30],
  [5, 64],
]) {
  test(`${rows} rows of ${size} dimensions: the formula, and its gradient`, async (t) => {
    const x = normals(rows * size, `${rows} ${size}`).map((value) => value + 3);
    const expected = vicregTerms(rowsOf(x, size), rowsOf(x, size)).covariance / 2;
    close(t, [await penalty(float32(x, [rows, size]))], [expected], 1e-5);
    await checkGradients(t, { x: normalTensor([rows, size], 'x') }, (inputs) => covariancePenalty(inputs.x));
  });
}

test('rows that are all equal have no covariance', async (t) => {
  for (const size of [2, 40]) t.is(await penalty(float32(new Float32Array(4 * size).fill(5), [4, size])), 0);
});
