import test from 'ava';
import { depthwiseConv2d } from '../../../src/engine/ops/depthwise-conv2d.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import { close } from '../../helpers/close.js';
import { checkGradients } from '../../helpers/finite-differences.js';
import { naiveConv2d, naiveConv2dGradients } from '../../helpers/oracles/naive-conv2d.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

interface Geometry {
  size: [number, number];
  channels: number;
  filter: [number, number];
  dilation?: [number, number];
}

const BATCH = 3;
const numbers = (tensor: HostTensor) => tensor.data as Float32Array;

/** Fewer channels than a vector register holds, odd ones, more; maps of one row or column; a filter larger than the map. */
const cases: Geometry[] = [
  { size: [5, 6], channels: 1, filter: [3, 3] },
  { size: [7, 4], channels: 3, filter: [3, 3] },
  { size: [4, 9], channels: 8, filter: [3, 3] },
  { size: [3, 5], channels: 17, filter: [3, 3] },
  { size: [6, 5], channels: 64, filter: [3, 3] },
  { size: [1, 7], channels: 5, filter: [3, 3] },
  { size: [7, 1], channels: 4, filter: [3, 3] },
  { size: [1, 1], channels: 16, filter: [3, 3] },
  { size: [1, 8], channels: 6, filter: [1, 5] },
  { size: [4, 3], channels: 7, filter: [5, 3] },
  { size: [1, 11], channels: 6, filter: [1, 3], dilation: [1, 4] },
  { size: [5, 7], channels: 3, filter: [3, 3], dilation: [2, 3] },
];

/** One channel after the other through an ordinary convolution. */
function oracle(
  { size, channels, filter, dilation = [1, 1] }: Geometry,
  x: Float32Array,
  w: Float32Array,
  dy: Float32Array,
) {
  const [y, dx, dw] = [new Float64Array(x.length), new Float64Array(x.length), new Float64Array(w.length)];
  const shape = {
    batch: BATCH,
    size,
    inputs: 1,
    outputs: 1,
    filter,
    stride: [1, 1] as [number, number],
    dilation,
    pad: filter.map((taps, i) => (dilation[i] * (taps - 1)) / 2) as [number, number],
  };
  for (let c = 0; c < channels; c++) {
    const take = (values: Float32Array) => values.filter((_, i) => i % channels === c);
    const put = (all: Float64Array, own: Float64Array) => {
      for (const [i, value] of own.entries()) all[i * channels + c] = value;
    };
    put(y, naiveConv2d(shape, take(x), take(w)));
    const gradients = naiveConv2dGradients(shape, take(x), take(w), take(dy));
    put(dx, gradients.dx);
    put(dw, gradients.dw);
  }
  return { y, dx, dw };
}

for (const compute of ['float32', 'bfloat16'] as const) {
  test(`values and gradients against plain loops, ${compute}`, async (t) => {
    await withSession(
      async (session) => {
        for (const [i, geometry] of cases.entries()) {
          const { size, channels, filter, dilation } = geometry;
          const shape = [BATCH, ...size, channels];
          const [x, dy] = [normalTensor(shape, 'x'), normalTensor(shape, 'dy')];
          const w = normalTensor([...filter, channels], 'w');
          const run = session.compile(`case${i}`, (inputs: Record<string, Tensor>) => {
            const wide = (a: Tensor, b: Tensor): Tensor =>
              tf.add(depthwiseConv2d(a, b, dilation), tf.zerosLike(inputs.x));
            const [dx, dw] = tf.grads(wide)([inputs.x, inputs.w], inputs.dy);
            return { y: wide(inputs.x, inputs.w), dx, dw };
          });
          const outputs = await run({ x, w, dy });
          const expected = oracle(geometry, numbers(x), numbers(w), numbers(dy));
          for (const key of ['y', 'dx', 'dw'] as const) {
            const scale = Math.max(...expected[key].map(Math.abs));
            const scaled = (values: ArrayLike<number>) => Array.from(values, (value) => value / scale);
            const tolerance = compute === 'float32' ? 1e-5 : 0.02;
            close(t, scaled(numbers(outputs[key])), scaled(expected[key]), tolerance, `${key} of [${shape}]`);
          }
        }
      },
      { compute },
    );
  });
}

test('gradients by finite differences', async (t) => {
  const values = { x: normalTensor([2, 4, 5, 3], 'x'), w: normalTensor([3, 3, 3], 'w') };
  await checkGradients(t, values, ({ x, w }) => tf.square(depthwiseConv2d(x, w)));
});
