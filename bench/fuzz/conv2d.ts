import { conv2d } from '../../src/engine/ops/conv2d.js';
import { tf } from '../../src/engine/tf.js';
import {
  type ConvShape,
  convOutputSize,
  convWork,
  naiveConv2d,
  naiveConv2dGradients,
} from '../../test/helpers/oracles/naive-conv2d.js';
import { type Draw, type FuzzCase, numbersOf } from './case.js';

/** Multiplications of the plain loops per pass: keeps a case under a tenth of a second. */
const MOST_WORK = 3e6;

function drawShape({ between, pick, rng }: Draw): ConvShape {
  const line = rng.next() < 0.3;
  const pair = (draw: () => number): [number, number] => (rng.next() < 0.6 ? [draw(), draw()] : twice(draw()));
  const along = (draw: () => number): [number, number] => (line ? [1, draw()] : pair(draw));
  const channels = () => (rng.next() < 0.3 ? pick([1, 2, 3, 4, 8, 16, 32, 40]) : between(1, 40));
  const filter = along(() => pick([1, 1, 2, 3, 3, 4, 5, 6, 7]));
  const dilation = rng.next() < 0.5 ? twice(1) : along(() => between(1, 4));
  const centred = ([0, 1] as const).map((i) => Math.floor((dilation[i] * (filter[i] - 1)) / 2)) as [number, number];
  return {
    batch: between(1, 3),
    size: along(() => pick([between(1, 9), between(5, 40), between(30, 200)])),
    inputs: channels(),
    outputs: channels(),
    filter,
    dilation,
    stride: rng.next() < 0.4 ? twice(1) : along(() => between(1, 3)),
    pad: rng.next() < 0.6 ? centred : ([line ? 0 : between(0, 4), between(0, 4)] as [number, number]),
  };
}

/** A feature map as networks have them: kernels share large ones out among threads, where some faults only show. */
function drawLargeShape({ between, pick }: Draw): ConvShape {
  const channels = () => pick([1, 2, 4, 8, 16, between(1, 16)]);
  const tap = pick([1, 1, 3]);
  return {
    batch: between(1, 3),
    size: [between(30, 100), between(60, 220)],
    inputs: channels(),
    outputs: channels(),
    filter: twice(tap),
    dilation: twice(1),
    stride: pick([twice(1), twice(2), twice(2), [between(1, 3), between(1, 3)]]),
    pad: twice((tap - 1) / 2),
  };
}

const twice = (value: number): [number, number] => [value, value];

function usableShape(draw: Draw): ConvShape {
  const drawOne = draw.rng.next() < 0.25 ? drawLargeShape : drawShape;
  for (;;) {
    const shape = drawOne(draw);
    if (Math.min(...convOutputSize(shape)) >= 1 && convWork(shape) <= MOST_WORK) return shape;
  }
}

/** A convolution of odd shape with both its gradients; also the one-dimensional use (height 1). */
export function conv2dCase(draw: Draw): FuzzCase {
  const shape = usableShape(draw);
  const { batch, size, inputs, outputs, filter, stride, dilation, pad } = shape;
  const x = draw.normal(batch, ...size, inputs);
  const w = draw.normal(...filter, inputs, outputs);
  const dy = draw.normal(batch, ...convOutputSize(shape), outputs);
  return {
    label: `conv2d ${JSON.stringify(shape)}`,
    inputs: { x, w, dy },
    build(tensors) {
      const apply = (input: typeof tensors.x, weights: typeof tensors.w) =>
        conv2d(input, weights, { stride, dilation, pad });
      const [dx, dw] = tf.grads((...args) => apply(args[0], args[1]))([tensors.x, tensors.w], tensors.dy);
      return { y: apply(tensors.x, tensors.w), dx, dw };
    },
    expected() {
      const numbers = [x, w].map(numbersOf) as [ArrayLike<number>, ArrayLike<number>];
      const { dx, dw } = naiveConv2dGradients(shape, ...numbers, numbersOf(dy));
      return { y: { values: naiveConv2d(shape, ...numbers) }, dx: { values: dx }, dw: { values: dw } };
    },
  };
}

/** Convolution, bias and rectifier in a row, which TensorFlow's optimizer fuses into one kernel. */
export function convBiasReluCase(draw: Draw): FuzzCase {
  const shape = usableShape(draw);
  const { batch, size, inputs, outputs, filter, stride, dilation, pad } = shape;
  const x = draw.normal(batch, ...size, inputs);
  const w = draw.normal(...filter, inputs, outputs);
  const bias = draw.normal(outputs);
  return {
    label: `conv2d+bias+relu ${JSON.stringify(shape)}`,
    inputs: { x, w, bias },
    build: (tensors) => ({
      y: tf.relu(tf.add(conv2d(tensors.x, tensors.w, { stride, dilation, pad }), tensors.bias)),
    }),
    expected() {
      const y = naiveConv2d(shape, numbersOf(x), numbersOf(w));
      return { y: { values: y.map((value, i) => Math.max(0, value + numbersOf(bias)[i % outputs])) } };
    },
  };
}
