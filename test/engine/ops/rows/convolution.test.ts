import test from 'ava';
import { conv2d } from '../../../../src/engine/ops/conv2d.js';
import { convolveRows } from '../../../../src/engine/ops/rows/convolution.js';
import { type Tensor, tf } from '../../../../src/engine/tf.js';
import { close } from '../../../helpers/close.js';
import {
  type ConvShape,
  convOutputSize,
  naiveConv2d,
  naiveConv2dGradients,
} from '../../../helpers/oracles/naive-conv2d.js';
import { normalTensor } from '../../../helpers/random-values.js';
import { withSession } from '../../../helpers/session.js';

/** [batch, rows, width], taps, their distance and the zeros around a row; the last one is as wide as conv2d hands on. */
const cases = [
  { map: [2, 1, 9], inputs: 4, outputs: 3, taps: 3, dilation: 1, pad: 1 },
  { map: [2, 1, 11], inputs: 4, outputs: 3, taps: 3, dilation: 3, pad: 3 },
  { map: [3, 2, 9], inputs: 2, outputs: 5, taps: 4, dilation: 2, pad: 0 },
  { map: [2, 1, 9], inputs: 3, outputs: 2, taps: 5, dilation: 2, pad: 3 },
  { map: [2, 1, 7], inputs: 18, outputs: 4, taps: 3, dilation: 2, pad: 2 },
];

for (const { map, inputs, outputs, taps, dilation, pad } of cases) {
  test(`${taps} taps ${dilation} apart along maps of [${map}], ${pad} zeros around each row: values and gradients of plain loops`, async (t) => {
    const [batch, rows, width] = map;
    const shape: ConvShape = {
      batch,
      size: [rows, width],
      inputs,
      outputs,
      filter: [1, taps],
      stride: [1, 1],
      dilation: [1, dilation],
      pad: [0, pad],
    };
    const x = normalTensor([batch, rows, width, inputs], 'x');
    const w = normalTensor([1, taps, inputs, outputs], 'w');
    const dy = normalTensor([batch].concat(convOutputSize(shape), outputs), 'dy');
    const ways: Record<string, (x: Tensor, w: Tensor) => Tensor> = {
      rows: (x, w) => convolveRows(x, w, { taps, dilation, pad }),
      conv2d: (x, w) => conv2d(x, w, { dilation: [1, dilation], pad: [0, pad] }),
    };
    const [a, b, c] = [x, w, dy].map(({ data }) => data as Float32Array);
    const { dx, dw } = naiveConv2dGradients(shape, a, b, c);
    const expected = { y: naiveConv2d(shape, a, b), dx, dw };
    for (const [name, convolve] of Object.entries(ways)) {
      const outcome = await withSession((session) =>
        session.compile(name, ({ x, w, dy }) => {
          const [dx, dw] = tf.grads(convolve)([x, w], dy);
          return { y: convolve(x, w), dx, dw };
        })({ x, w, dy }),
      );
      for (const key of ['y', 'dx', 'dw'] as const)
        close(t, outcome[key].data as Float32Array, expected[key], 1e-5, `${key} by ${name}`);
    }
  });
}
