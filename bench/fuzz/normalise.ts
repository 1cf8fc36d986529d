import { gelu, relu } from '../../src/engine/ops/activations.js';
import { batchNormInference, batchNormTrain } from '../../src/engine/ops/batch-norm.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { naiveErf } from '../../test/helpers/oracles/naive-array.js';
import { naiveBatchNorm } from '../../test/helpers/oracles/naive-batch-norm.js';
import { type Draw, type FuzzCase, numbersOf } from './case.js';

const EPSILON = 1e-5;

function drawMap({ between, pick }: Draw): number[] {
  const [height, width] = pick([
    [1, 1],
    [1, between(1, 60)],
    [between(1, 12), between(1, 40)],
  ]);
  return [between(1, 3), height, width, between(1, 40)];
}

/** Batch normalisation by the batch's statistics, with its gradients. */
export function batchNormCase(draw: Draw): FuzzCase {
  const shape = drawMap(draw);
  const channels = shape[3];
  const [x, dy] = [draw.normal(...shape), draw.normal(...shape)];
  const [scale, offset] = [draw.normal(channels), draw.normal(channels)];
  return {
    label: `batchNormTrain ${JSON.stringify(shape)}`,
    inputs: { x, scale, offset, dy },
    build(tensors) {
      const gradients = tf.grads((...args) => batchNormTrain(args[0], args[1], args[2], EPSILON).y);
      const [dx, dScale, dOffset] = gradients([tensors.x, tensors.scale, tensors.offset], tensors.dy);
      return { ...batchNormTrain(tensors.x, tensors.scale, tensors.offset, EPSILON), dx, dScale, dOffset };
    },
    expected() {
      const arrays = [x, scale, offset, dy].map(numbersOf);
      const naive = naiveBatchNorm(channels, arrays[0], arrays[1], arrays[2], arrays[3], EPSILON);
      // dx is a small difference of large terms when a channel hardly varies.
      const gain = Math.max(
        ...naive.variance.map((variance, c) => Math.abs(arrays[1][c]) / Math.sqrt(variance + EPSILON)),
      );
      const { y, mean, unbiased, dx, dScale, dOffset } = naive;
      return {
        y: { values: y },
        mean: { values: mean, scale: 1 },
        variance: { values: unbiased, scale: 1 },
        dx: { values: dx, scale: 4 * gain },
        dScale: { values: dScale, scale: 4 },
        dOffset: { values: dOffset },
      };
    },
  };
}

/** Batch normalisation by known statistics. */
export function batchNormInferenceCase(draw: Draw): FuzzCase {
  const shape = drawMap(draw);
  const x = draw.normal(...shape);
  const [scale, offset, mean, spread] = Array.from({ length: 4 }, () => draw.normal(shape[3]));
  return {
    label: `batchNormInference ${JSON.stringify(shape)}`,
    inputs: { x, scale, offset, mean, spread },
    build: (tensors) => ({
      y: batchNormInference(tensors.x, tensors.scale, tensors.offset, tensors.mean, tf.square(tensors.spread), EPSILON),
    }),
    expected() {
      const [xs, scales, offsets, means, spreads] = [x, scale, offset, mean, spread].map(numbersOf);
      const values = Array.from(xs, (value, i) => {
        const c = i % shape[3];
        return ((value - means[c]) * scales[c]) / Math.sqrt(spreads[c] ** 2 + EPSILON) + offsets[c];
      });
      return { y: { values } };
    },
  };
}

/** A function of each element, with its derivative. */
const POINTWISE: Record<string, { op: (x: Tensor) => Tensor; f: (x: number) => number; slope: (x: number) => number }> =
  {
    relu: { op: relu, f: (x) => Math.max(0, x), slope: (x) => (x > 0 ? 1 : 0) },
    gelu: {
      op: gelu,
      f: (x) => (x / 2) * (1 + naiveErf(x * Math.SQRT1_2)),
      slope: (x) => (1 + naiveErf(x * Math.SQRT1_2)) / 2 + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI),
    },
    tanh: { op: (x) => tf.tanh(x), f: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2 },
    sigmoid: {
      op: (x) => tf.sigmoid(x),
      f: (x) => 1 / (1 + Math.exp(-x)),
      slope: (x) => 1 / (2 + Math.exp(x) + Math.exp(-x)),
    },
  };

/** An activation function, with its gradient. */
export function activationCase(draw: Draw): FuzzCase {
  const name = draw.pick(Object.keys(POINTWISE));
  const { op, f, slope } = POINTWISE[name];
  const shape = drawMap(draw).slice(draw.between(0, 3));
  const [x, dy] = [draw.normal(...shape), draw.normal(...shape)];
  return {
    label: `${name} ${JSON.stringify(shape)}`,
    inputs: { x, dy },
    build: (tensors) => ({ y: op(tensors.x), dx: tf.grad((input) => op(input as Tensor))(tensors.x, tensors.dy) }),
    expected: () => ({
      y: { values: Array.from(numbersOf(x), f), scale: 1 },
      dx: { values: Array.from(numbersOf(x), (value, i) => slope(value) * numbersOf(dy)[i]), scale: 1 },
    }),
  };
}
