import test from 'ava';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { anyLength } from '../../src/engine/trace.js';
import { float32 } from '../../src/host-tensor.js';
import { createScope } from '../../src/nn/scope.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { exported } from '../helpers/networks/exported.js';
import { runOnnx } from '../helpers/oracles/naive-onnx.js';
import { normals } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const means = (features: Tensor): Tensor => tf.mean(features, 1);

test('an operation without translation is named with its layer', async (t) => {
  await withSession(async (session) => {
    const weight = session.variable('model/odd/conv/weight', [16], float32(Float32Array.from(normals(16, 'weight'))));
    const embed = (features: Tensor) => means(tf.reverse(tf.mul(features, weight.read()), 1));
    await t.throwsAsync(exported(session, embed), {
      name: 'UserError',
      message: /TensorFlow's ReverseV2, in or behind the layer 'odd\/conv', has no translation to ONNX\./,
    });
  });
});

test('what follows the number of frames in no known way is refused', async (t) => {
  await withSession(async (session) => {
    const positions = (features: Tensor) => {
      const frames = features.shape[1]!;
      return means(
        tf.mul(
          features,
          tf.tensor(
            Array.from({ length: frames }, (_, i) => Math.sin(i)),
            [frames, 1],
          ),
        ),
      );
    };
    await t.throwsAsync(exported(session, positions), { message: /values and size depend on the number of frames/ });
    const squared = (features: Tensor) => tf.mul(means(features), features.shape[1]! ** 2 % 77);
    await t.throwsAsync(exported(session, squared), {
      message: /depends on the number of frames in a way that no formula/,
    });
  });
});

test('a network of windows is refused, and told where it runs', async (t) => {
  const build = await backboneOf('dvector', { width: 4, layers: 1, embeddingSize: 3 }, 16);
  await withSession(async (session) => {
    const { embed } = build(createScope(session, 'model', 1));
    const run = exported(session, (rows) => embed(rows, { training: false }));
    await t.throwsAsync(run, {
      name: 'UserError',
      message: /no one ONNX graph for all lengths\. Run it with voxloop embed/,
    });
  });
});

test('a network that branches on the number of frames is refused, unless it asks for anyLength', async (t) => {
  await withSession(async (session) => {
    const even = (features: Tensor) => {
      const odd = features.shape[1]! % 2;
      return tf.div(
        tf.sum(
          tf.pad(features, [
            [0, 0],
            [0, odd],
            [0, 0],
          ]),
          1,
        ),
        7,
      );
    };
    const branching = (features: Tensor) => (features.shape[1]! > 100 ? means(features) : even(features));
    await t.throwsAsync(exported(session, branching), {
      name: 'UserError',
      message: /computes differently at .* anyLength\(\) of 'voxloop' is true/,
    });
    const general = (features: Tensor) =>
      features.shape[1]! > 100 || anyLength() ? means(features) : tf.sum(features, 1);
    const file = await exported(session, general);
    const data = normals(5 * 16, 'features');
    const found = runOnnx(file, { shape: [1, 5, 16], data: Array.from(data) });
    const mean = Array.from({ length: 16 }, (_, bin) =>
      [0, 1, 2, 3, 4].reduce((sum, i) => sum + data[16 * i + bin] / 5, 0),
    );
    t.true(mean.every((value, bin) => Math.abs(value - found.data[bin]) < 1e-6));
    t.false(anyLength());
  });
});
