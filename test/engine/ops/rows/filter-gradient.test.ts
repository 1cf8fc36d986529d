import test from 'ava';
import { filterGradient } from '../../../../src/engine/ops/rows/filter-gradient.js';
import { close } from '../../../helpers/close.js';
import { naiveConv2dGradients } from '../../../helpers/oracles/naive-conv2d.js';
import { normalTensor } from '../../../helpers/random-values.js';
import { withSession } from '../../../helpers/session.js';

/** [batch, rows, width], channels, taps and the zeros around a row: maps of one row and of several, filters wider than the map, a single place. */
const cases = [
  { map: [3, 1, 9], inputs: 5, outputs: 4, taps: 1, dilation: 1, pad: 0 },
  { map: [3, 1, 9], inputs: 5, outputs: 4, taps: 3, dilation: 1, pad: 0 },
  { map: [2, 1, 9], inputs: 16, outputs: 3, taps: 5, dilation: 1, pad: 2 },
  { map: [2, 4, 6], inputs: 3, outputs: 2, taps: 3, dilation: 1, pad: 1 },
  { map: [2, 3, 6], inputs: 3, outputs: 2, taps: 4, dilation: 1, pad: 0 },
  { map: [4, 1, 2], inputs: 2, outputs: 3, taps: 5, dilation: 1, pad: 2 },
  { map: [2, 1, 9], inputs: 4, outputs: 3, taps: 3, dilation: 3, pad: 3 },
  { map: [2, 2, 9], inputs: 4, outputs: 3, taps: 3, dilation: 2, pad: 1 },
  { map: [2, 1, 9], inputs: 4, outputs: 3, taps: 4, dilation: 2, pad: 0 },
  { map: [1, 1, 1], inputs: 2, outputs: 3, taps: 7, dilation: 1, pad: 3 },
];

for (const { map, inputs, outputs, taps, dilation, pad } of cases) {
  const [batch, rows, width] = map;
  test(`the gradient of ${taps} taps along maps of [${map}] is that of plain loops, ${dilation} apart, ${pad} zeros around each row`, async (t) => {
    const wide = width + 2 * pad - dilation * (taps - 1);
    const x = normalTensor([batch, rows, width, inputs], 'x');
    const dy = normalTensor([batch, rows, wide, outputs], 'dy');
    const { gradient } = await withSession((session) =>
      session.compile('gradient', ({ x, dy }) => ({ gradient: filterGradient(x, dy, { taps, dilation, pad }) }))({
        x,
        dy,
      }),
    );
    const shape = {
      batch,
      size: [rows, width] as [number, number],
      inputs,
      outputs,
      filter: [1, taps] as [number, number],
      stride: [1, 1] as [number, number],
      dilation: [1, dilation] as [number, number],
      pad: [0, pad] as [number, number],
    };
    const weights = new Float32Array(taps * inputs * outputs);
    const { dw } = naiveConv2dGradients(shape, x.data as Float32Array, weights, dy.data as Float32Array);
    t.deepEqual(gradient.shape, [1, taps, inputs, outputs]);
    close(t, gradient.data as Float32Array, dw, 1e-5);
  });
}
