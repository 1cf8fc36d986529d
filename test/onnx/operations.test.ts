import test, { type ExecutionContext } from 'ava';
import type { Session } from '../../src/engine/session/session.js';
import type { Tensor } from '../../src/engine/tf.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
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
  // A graph is copied whenever a function is first run, so every case has a session of its own.
  for (const name of Object.keys(operationCases)) await withSession((session) => agrees(t, session, name));
});

async function agrees(t: ExecutionContext, session: Session, name: string): Promise<void> {
  const embed = caseVectors(name);
  const run = session.compile(name, ({ features }: Record<string, Tensor>) => ({ vectors: embed(features) }));
  const cases: { shape: number[]; values: Float32Array; vectors: HostTensor }[] = [];
  for (const [batch, frames] of SIZES) {
    const shape = [batch, frames, BINS];
    const values = Float32Array.from(normals(batch * frames * BINS, name, 1.5));
    cases.push({ shape, values, vectors: (await run({ features: float32(values, shape) })).vectors });
  }
  const file = await exported(session, embed, { bins: BINS, minFrames: 4 });
  for (const { shape, values, vectors } of cases) {
    const found = runOnnx(file, { shape, data: Array.from(values) });
    t.deepEqual(found.shape, vectors.shape, name);
    const expected = vectors.data as Float32Array;
    const size = Math.hypot(...expected) / Math.sqrt(expected.length);
    const worst = Math.max(...found.data.map((value, i) => Math.abs(value - expected[i])));
    t.true(worst <= 1e-4 * size, `${name} at ${shape[0]} x ${shape[1]}: ${worst} of ${size}`);
  }
}
