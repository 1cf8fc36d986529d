import test from 'ava';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { convLayer, timeConvLayer } from '../../src/nn/conv.js';
import { denseLayer } from '../../src/nn/dense.js';
import { createScope, type Scope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import { naiveMatMul } from '../helpers/oracles/naive-array.js';
import { type ConvShape, naiveConv2d } from '../helpers/oracles/naive-conv2d.js';
import { normals, normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

interface Case {
  name: string;
  input: number[];
  build: (scope: Scope) => (x: Tensor) => Tensor;
}

const layers: Case[] = [
  {
    name: 'a 3x3 convolution',
    input: [2, 5, 4, 3],
    build: (scope) => convLayer(scope, { inputs: 3, outputs: 4, kernel: [3, 3] }),
  },
  {
    name: 'a strided convolution with a bias',
    input: [2, 7, 6, 2],
    build: (scope) => convLayer(scope, { inputs: 2, outputs: 3, kernel: [3, 3], stride: [2, 2], bias: true }),
  },
  {
    name: 'a strided 1x1 convolution',
    input: [2, 5, 6, 4],
    build: (scope) => convLayer(scope, { inputs: 4, outputs: 3, kernel: [1, 1], stride: [2, 2] }),
  },
  {
    name: 'a dilated convolution over time with a bias',
    input: [2, 9, 3],
    build: (scope) => timeConvLayer(scope, { inputs: 3, outputs: 4, kernel: 3, dilation: 2, bias: true }),
  },
  { name: 'a dense layer', input: [3, 5], build: (scope) => denseLayer(scope, { inputs: 5, outputs: 4 }) },
];

for (const { name, input, build } of layers) {
  test(`gradients of ${name}`, async (t) => {
    await withSession(async (session) => {
      const x = session.variable('x', input, normalTensor(input, 'x'));
      const scope = createScope(session, 'layer', 1);
      const layer = build(scope);
      await checkVariableGradients(t, session, [x, ...scope.params()], {}, () => tf.tanh(layer(x.read())));
    });
  });
}

test('convolutions agree with loops', async (t) => {
  const shape: ConvShape = {
    batch: 2,
    size: [7, 6],
    inputs: 3,
    outputs: 4,
    filter: [3, 3],
    stride: [2, 1],
    dilation: [1, 1],
    pad: [1, 1],
  };
  const time: ConvShape = { ...shape, size: [1, 11], filter: [1, 3], stride: [1, 1], dilation: [1, 4], pad: [0, 4] };
  await withSession(async (session) => {
    const scope = createScope(session, 'net', 1);
    const map = convLayer(scope.child('map'), { inputs: 3, outputs: 4, kernel: [3, 3], stride: [2, 1], bias: true });
    const line = timeConvLayer(scope.child('line'), { inputs: 3, outputs: 4, kernel: 3, dilation: 4 });
    const bias = normals(4, 'bias');
    await session.load({ 'net/map/bias': { dtype: 'float32', shape: [4], data: bias } });
    const run = session.compile('run', ({ x, y }: Record<string, Tensor>) => ({ map: map(x), line: line(y) }));
    const [x, y] = [normalTensor([2, 7, 6, 3], 'x'), normalTensor([2, 11, 3], 'y')];
    const found = await run({ x, y });
    const weights = await session.save();
    const plain = (tensor: { data: unknown }) => tensor.data as Float32Array;
    const expected = naiveConv2d(shape, plain(x), plain(weights['net/map/weight'])).map((v, i) => v + bias[i % 4]);
    t.deepEqual(found.map.shape, [2, 4, 6, 4]);
    t.deepEqual(found.line.shape, [2, 11, 4]);
    close(t, plain(found.map), expected, 1e-5);
    close(t, plain(found.line), naiveConv2d(time, plain(y), plain(weights['net/line/weight'])), 1e-5);
  });
});

test('a dense layer agrees with loops', async (t) => {
  await withSession(async (session) => {
    const layer = denseLayer(createScope(session, 'dense', 3), { inputs: 5, outputs: 4 });
    const bias = normals(4, 'bias');
    await session.load({ 'dense/bias': { dtype: 'float32', shape: [4], data: bias } });
    const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({ y: layer(x) }));
    const x = normalTensor([3, 5], 'x');
    const weights = (await session.save())['dense/weight'].data as Float32Array;
    const expected = naiveMatMul(3, 5, 4, x.data as Float32Array, weights).map((v, i) => v + bias[i % 4]);
    close(t, (await run({ x })).y.data as Float32Array, expected, 1e-6);
  });
});
