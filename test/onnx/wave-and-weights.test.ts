import test from 'ava';
import { featureDefinition } from '../../src/audio/features/features.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32 } from '../../src/host-tensor.js';
import { matMul } from '../../src/nn/dense.js';
import { exported } from '../helpers/networks/exported.js';
import { naiveFbank } from '../helpers/oracles/naive-fbank.js';
import { runOnnx } from '../helpers/oracles/naive-onnx.js';
import { normals } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const SAMPLES = 1234;

for (const changes of [{}, { window: 'povey', highHz: -400, cmn: false }] as const) {
  test(`with waveforms as input the graph computes Kaldi's features first: ${JSON.stringify(changes)}`, async (t) => {
    const definition = featureDefinition.parse({ bins: 20, ...changes });
    await withSession(async (session) => {
      const squares = (features: Tensor) => tf.mean(tf.square(features), 1);
      const file = await exported(session, squares, {
        features: definition,
        input: 'wave',
        names: { input: 'wave', output: 'embs' },
      });
      t.deepEqual(file.inputs, [{ name: 'wave', dims: ['B', 'samples'] }]);
      const waves = ['one', 'two'].map((name) => Array.from(normals(SAMPLES, name, 1000), Math.round));
      const data = waves.flat().map((sample) => sample / 32768);
      const found = runOnnx(file, { shape: [2, SAMPLES], data });
      const expected = waves.flatMap((wave) => {
        const rows = naiveFbank(wave, definition);
        const mean = (bin: number, f: (value: number) => number) =>
          rows.reduce((sum, row) => sum + f(row[bin]), 0) / rows.length;
        return rows[0].map((_, bin) => {
          const centre = definition.cmn ? mean(bin, (value) => value) : 0;
          return mean(bin, (value) => (value - centre) ** 2);
        });
      });
      t.deepEqual(found.shape, [2, 20]);
      const worst = Math.max(...found.data.map((value, i) => Math.abs(value / expected[i] - 1)));
      t.true(worst < 1e-4, String(worst));
    });
  });
}

/** Large weights, some below the smallest normal half-precision number. */
const WEIGHTS = Float32Array.from(normals(16 * 70, 'weights'), (value, i) => (i % 9 === 0 ? value * 1e-5 : value));

async function withWeights(weights: 'float16' | 'int8') {
  return withSession(async (session) => {
    const weight = session.variable('model/weight', [16, 70], float32(WEIGHTS, [16, 70]));
    const embed = (features: Tensor) => matMul(tf.mean(features, 1), weight.read());
    return exported(session, embed, { embeddingSize: 70, weights });
  });
}

/** Row `k` of the stored weights: the embedding of features that are 1 in bin `k`. */
const rowOf = (file: Awaited<ReturnType<typeof withWeights>>, k: number) =>
  runOnnx(file, { shape: [1, 1, 16], data: Array.from({ length: 16 }, (_, bin) => Number(bin === k)) }).data;

test('float16 stores the nearest half of every weight', async (t) => {
  const file = await withWeights('float16');
  t.is(file.elements.get('weight/float16'), 10);
  for (let k = 0; k < 16; k++) {
    const exact = rowOf(file, k).every((value, i) => {
      const weight = WEIGHTS[70 * k + i];
      // Eleven significant bits, or steps of 2^-24 below 2^-14.
      return Math.abs(value - weight) <= Math.max(Math.abs(weight) * 2 ** -11, 2 ** -25);
    });
    t.true(exact);
  }
});

test('int8 stores every weight within half a step of 1/127 of the largest of its output', async (t) => {
  const file = await withWeights('int8');
  t.is(file.elements.get('weight/int8'), 3);
  for (let k = 0; k < 16; k++) {
    const near = rowOf(file, k).every((value, output) => {
      const largest = Math.max(...Array.from({ length: 16 }, (_, i) => Math.abs(WEIGHTS[70 * i + output])));
      return Math.abs(value - WEIGHTS[70 * k + output]) <= (largest / 127 / 2) * (1 + 1e-5);
    });
    t.true(near);
  }
});

test('a weight beyond half precision is refused for float16', async (t) => {
  await withSession(async (session) => {
    const weight = session.variable(
      'model/weight',
      [16, 70],
      float32(
        WEIGHTS.map((value) => value * 1e5),
        [16, 70],
      ),
    );
    const embed = (features: Tensor) => matMul(tf.mean(features, 1), weight.read());
    await t.throwsAsync(exported(session, embed, { weights: 'float16' }), { message: /does not fit into float16/ });
  });
});
