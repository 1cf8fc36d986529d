import test from 'ava';
import { batchNormInference } from '../../../src/engine/ops/batch-norm.js';
import { conv2d } from '../../../src/engine/ops/conv2d.js';
import { depthwiseConv2d } from '../../../src/engine/ops/depthwise-conv2d.js';
import type { ConvGeometry } from '../../../src/engine/ops/plain-conv2d.js';
import type { Tensor } from '../../../src/engine/tf.js';
import { float32 } from '../../../src/host-tensor.js';
import { close } from '../../helpers/close.js';
import { normals } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

const draw = (shape: number[], name: string) =>
  float32(
    normals(
      shape.reduce((size, n) => size * n, 1),
      name,
    ),
    shape,
  );

/** Values of `layer` where a gradient might be asked for, and where none will be. */
const bothWays = (layer: (inputs: Record<string, Tensor>) => Tensor, inputs: Record<string, ReturnType<typeof draw>>) =>
  withSession(async (session) => {
    const of = (inference: boolean) =>
      session.compile(`inference ${inference}`, (traced: Record<string, Tensor>) => ({ y: layer(traced) }), {
        inference,
      });
    const [{ y: training }, { y }] = [await of(false)(inputs), await of(true)(inputs)];
    return [training, y];
  });

const geometries: Record<string, [kernel: number[], geometry: ConvGeometry]> = {
  'a strided 1x1 convolution': [[1, 1, 3, 4], { stride: [1, 2] }],
  'a strided convolution with zeros around': [[3, 3, 3, 4], { stride: [2, 2], pad: [1, 1] }],
  'a dilated convolution': [[1, 3, 3, 4], { dilation: [1, 3], pad: [0, 3] }],
  'a dilated and strided convolution': [[3, 3, 3, 4], { dilation: [2, 2], stride: [2, 1], pad: [2, 2] }],
};

for (const [what, [kernel, geometry]] of Object.entries(geometries)) {
  test(`${what} has the values of training in inference`, async (t) => {
    const inputs = { x: draw([2, 9, 11, 3], 'x'), filter: draw(kernel, 'filter') };
    const [training, inference] = await bothWays(({ x, filter }) => conv2d(x, filter, geometry), inputs);
    t.deepEqual(inference.shape, training.shape);
    close(t, inference.data as Float32Array, training.data as Float32Array, 1e-5);
  });
}

test('a dilated depth-wise convolution has the values of training in inference', async (t) => {
  const inputs = { x: draw([2, 9, 11, 3], 'x'), filter: draw([1, 3, 3], 'filter') };
  const [training, inference] = await bothWays(({ x, filter }) => depthwiseConv2d(x, filter, [1, 2]), inputs);
  close(t, inference.data as Float32Array, training.data as Float32Array, 1e-5);
});

test('batch normalisation by running statistics is scale (x - mean) / deviation + offset in inference', async (t) => {
  const [x, gamma, beta, mean, spread] = ['x', 'gamma', 'beta', 'mean', 'spread'].map((name) =>
    draw([name === 'x' ? 35 : 5], name),
  );
  const inputs = { x: float32(x.data as Float32Array, [7, 5]), gamma, beta, mean, spread };
  const [, inference] = await bothWays(
    ({ x, gamma, beta, mean, spread }) => batchNormInference(x, gamma, beta, mean, spread.square(), 1e-5),
    inputs,
  );
  const at = ({ data }: { data: ArrayLike<number | bigint> }, i: number) => Number(data[i]);
  const expected = Array.from(x.data as Float32Array, (value, i) => {
    const channel = i % 5;
    const deviation = Math.sqrt(at(spread, channel) ** 2 + 1e-5);
    return (at(gamma, channel) * (value - at(mean, channel))) / deviation + at(beta, channel);
  });
  close(t, inference.data as Float32Array, expected, 1e-3);
});
