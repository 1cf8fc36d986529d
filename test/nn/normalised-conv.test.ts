import test from 'ava';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { batchNormLayer } from '../../src/nn/batch-norm.js';
import { convLayer, depthwiseConvLayer } from '../../src/nn/conv.js';
import { normalisedConv } from '../../src/nn/normalised-conv.js';
import { createScope, type Scope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const INPUT = [2, 5, 4, 3];
const convolutions = {
  'a strided convolution': (scope: Scope) =>
    convLayer(scope, { inputs: 3, outputs: 3, kernel: [3, 3], stride: [2, 1] }),
  'a convolution with a bias': (scope: Scope) =>
    convLayer(scope, { inputs: 3, outputs: 3, kernel: [1, 1], bias: true }),
  'a depth-wise convolution': (scope: Scope) => depthwiseConvLayer(scope, 3),
};

for (const [name, conv] of Object.entries(convolutions)) {
  test(`${name} takes its normalisation in, in inference alone`, async (t) => {
    await withSession(async (session) => {
      const scope = createScope(session, 'layer', 1);
      const [first, norm] = [conv(scope), batchNormLayer(scope.child('norm'), 3)];
      const both = normalisedConv(first, norm);
      const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({
        folded: both(x, { training: false }),
        apart: norm(first(x), { training: false }),
        trained: both(x, { training: true }),
      }));
      await session.load({
        ...(name.endsWith('a bias') && { 'layer/bias': normalTensor([3], 'bias') }),
        'layer/norm/scale': normalTensor([3], 'scale'),
        'layer/norm/offset': normalTensor([3], 'offset'),
        'layer/norm/mean': normalTensor([3], 'mean'),
        'layer/norm/variance': { dtype: 'float32', shape: [3], data: Float32Array.of(0.3, 2, 7) },
      });
      const { folded, apart, trained } = await run({ x: normalTensor(INPUT, 'x') });
      close(t, folded.data as Float32Array, apart.data as Float32Array, 1e-5);
      const values = apart.data as Float32Array;
      t.true(values.some((value, i) => Math.abs(value - (trained.data as Float32Array)[i]) > 0.1));
    });
  });

  test(`gradients of ${name} with frozen statistics`, async (t) => {
    await withSession(async (session) => {
      const x = session.variable('x', INPUT, normalTensor(INPUT, 'x'));
      const scope = createScope(session, 'layer', 1);
      const layer = normalisedConv(conv(scope), batchNormLayer(scope.child('norm'), 3, { initialScale: 0.7 }));
      const loss = () => tf.tanh(layer(x.read(), { training: false }));
      await checkVariableGradients(t, session, [x, ...scope.params()], {}, loss);
    });
  });
}
