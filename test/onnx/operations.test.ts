import test from 'ava';
import { float32 } from '../../src/host-tensor.js';
import { exported } from '../helpers/networks/exported.js';
import { caseVectors, operationCases } from '../helpers/networks/operation-cases.js';
import { runOnnx } from '../helpers/oracles/naive-onnx.js';
import { normals } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const BINS = 16;
const SIZES = [
  [2, 9],
  [1, 14],
];

test('operations of TensorFlow.js mean in ONNX what they mean in TensorFlow, at any batch and length', async (t) => {
  await withSession(async (session) => {
    for (const name of Object.keys(operationCases)) {
      const embed = caseVectors(name);
      const file = await exported(session, embed, { bins: BINS, minFrames: 4 });
      const run = session.compile(name, ({ features }) => ({ vectors: embed(features) }));
      for (const [batch, frames] of SIZES) {
        const shape = [batch, frames, BINS];
        const values = Float32Array.from(normals(batch * frames * BINS, name, 1.5));
        const { vectors } = await run({ features: float32(values, shape) });
        const found = runOnnx(file, { shape, data: Array.from(values) });
        t.deepEqual(found.shape, vectors.shape, name);
        const expected = vectors.data as Float32Array;
        const size = Math.hypot(...expected) / Math.sqrt(expected.length);
        const worst = Math.max(...found.data.map((value, i) => Math.abs(value - expected[i])));
        t.true(worst <= 1e-4 * size, `${name} at ${batch} x ${frames}: ${worst} of ${size}`);
      }
    }
  });
});
