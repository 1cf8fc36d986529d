import test from 'ava';
import { type Tensor, tf } from '../../src/engine/tf.js';
import type { HostTensor } from '../../src/host-tensor.js';
import { batchNormLayer } from '../../src/nn/batch-norm.js';
import { createScope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import { naiveBatchNorm } from '../helpers/oracles/naive-batch-norm.js';
import { normals, normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const CHANNELS = 4;
const plain = (tensor: HostTensor) => tensor.data as Float32Array;

/** A batch whose channels have means and spreads of their own. */
function batch(shape: number[], seed: string): HostTensor {
  const tensor = normalTensor(shape, seed);
  return { ...tensor, data: plain(tensor).map((value, i) => value * (1 + (i % CHANNELS)) + 3 * (i % CHANNELS) - 4) };
}

for (const shape of [
  [6, CHANNELS],
  [2, 5, CHANNELS],
  [2, 3, 4, CHANNELS],
]) {
  test(`training and inference of a tensor of rank ${shape.length} agree with loops`, async (t) => {
    await withSession(async (session) => {
      const norm = batchNormLayer(createScope(session, 'bn', 0), CHANNELS, { momentum: 0.3 });
      const [scale, offset] = [normals(CHANNELS, 'scale'), normals(CHANNELS, 'offset')];
      const vector = (data: Float32Array): HostTensor => ({ dtype: 'float32', shape: [CHANNELS], data });
      await session.load({ 'bn/scale': vector(scale), 'bn/offset': vector(offset) });
      const train = session.compile('train', ({ x }: Record<string, Tensor>) => ({ y: norm(x, { training: true }) }));
      const infer = session.compile('infer', ({ x }: Record<string, Tensor>) => ({ y: norm(x, { training: false }) }));

      let [mean, variance] = [new Float64Array(CHANNELS), new Float64Array(CHANNELS).fill(1)];
      for (let step = 0; step < 3; step++) {
        const x = batch(shape, `x${step}`);
        const expected = naiveBatchNorm(CHANNELS, plain(x), scale, offset, plain(x), 1e-5);
        mean = mean.map((value, c) => 0.7 * value + 0.3 * expected.mean[c]);
        variance = variance.map((value, c) => 0.7 * value + 0.3 * expected.unbiased[c]);
        close(t, plain((await train({ x })).y), expected.y, 1e-5, 'output');
        const running = await session.save(['bn/mean', 'bn/variance']);
        close(t, plain(running['bn/mean']), mean, 1e-5, 'running mean');
        close(t, plain(running['bn/variance']), variance, 1e-5, 'running variance');
      }
      const x = batch(shape, 'other');
      const expected = plain(x).map((value, i) => {
        const c = i % CHANNELS;
        return (scale[c] * (value - mean[c])) / Math.sqrt(variance[c] + 1e-5) + offset[c];
      });
      close(t, plain((await infer({ x })).y), expected, 1e-5, 'inference');
      close(
        t,
        plain((await session.save(['bn/mean']))['bn/mean']),
        mean,
        1e-5,
        'inference leaves the statistics alone',
      );
    });
  });
}

test('gradients in training go through the statistics of the batch', async (t) => {
  await withSession(async (session) => {
    const scope = createScope(session, 'bn', 0);
    const norm = batchNormLayer(scope, CHANNELS);
    const x = session.variable('x', [3, 4, CHANNELS], batch([3, 4, CHANNELS], 'x'));
    const forward = () => tf.tanh(norm(x.read(), { training: true }));
    await checkVariableGradients(t, session, [x, ...scope.params()], {}, forward);
  });
});

test('without learned scale and offset there is nothing to train', async (t) => {
  await withSession(async (session) => {
    const scope = createScope(session, 'bn', 0);
    const norm = batchNormLayer(scope, CHANNELS, { affine: false });
    t.deepEqual(scope.params(), []);
    t.is(scope.buffers().length, 2);
    const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({ y: norm(x, { training: true }) }));
    const x = batch([8, CHANNELS], 'x');
    const { y } = naiveBatchNorm(CHANNELS, plain(x), [1, 1, 1, 1], [0, 0, 0, 0], plain(x), 1e-5);
    close(t, plain((await run({ x })).y), y, 1e-5);
  });
});

test('one value a channel has no variance', async (t) => {
  await withSession(async (session) => {
    const norm = batchNormLayer(createScope(session, 'net/bn', 0), CHANNELS);
    const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({ y: norm(x, { training: true }) }));
    const x = batch([1, CHANNELS], 'x');
    await t.throwsAsync(async () => run({ x }), { message: /net\/bn: batch normalisation needs two values a channel/ });
  });
});
