import { type Tensor, tf } from '../../../src/engine/tf.js';

type Map4 = ReturnType<typeof tf.tensor4d>;

/** Positive values. */
const positive = (x: Tensor): Tensor => tf.add(tf.abs(x), 0.1);
const within = (x: Tensor): Tensor => tf.mul(tf.tanh(x), 0.9);
const map = (x: Tensor): Map4 => tf.expandDims(x, 3) as Map4;
const rows = (x: Tensor): Tensor => tf.reshape(x, [x.shape[0], x.shape[1]!, -1]);

/** What operations that TensorFlow.js offers do to features [batch, frames, 16]; results of rank 3 are averaged over time. */
export const operationCases: Record<string, (x: Tensor) => Tensor> = {
  abs: tf.abs,
  acos: (x) => tf.acos(within(x)),
  acosh: (x) => tf.acosh(tf.add(positive(x), 1)),
  asin: (x) => tf.asin(within(x)),
  asinh: tf.asinh,
  atan: tf.atan,
  atanh: (x) => tf.atanh(within(x)),
  ceil: tf.ceil,
  clip: (x) => tf.clipByValue(x, -0.5, 1),
  cos: tf.cos,
  cosh: tf.cosh,
  elu: tf.elu,
  erf: tf.erf,
  exp: tf.exp,
  expm1: tf.expm1,
  floor: tf.floor,
  leakyRelu: (x) => tf.leakyRelu(x, 0.1),
  log: (x) => tf.log(positive(x)),
  log1p: (x) => tf.log1p(positive(x)),
  logSoftmax: (x) => tf.logSoftmax(x),
  neg: tf.neg,
  prelu: (x) => tf.prelu(x, tf.scalar(0.3)),
  reciprocal: (x) => tf.reciprocal(positive(x)),
  relu: tf.relu,
  relu6: (x) => tf.relu6(tf.mul(x, 5)),
  round: tf.round,
  rsqrt: (x) => tf.rsqrt(positive(x)),
  selu: tf.selu,
  sigmoid: tf.sigmoid,
  sign: tf.sign,
  sin: tf.sin,
  sinh: tf.sinh,
  softmax: (x) => tf.softmax(x),
  softplus: tf.softplus,
  sqrt: (x) => tf.sqrt(positive(x)),
  square: tf.square,
  tan: tf.tan,
  tanh: tf.tanh,
  addN: (x) => tf.addN([x, tf.square(x), x]),
  compare: (x) => {
    const both = tf.logicalAnd(tf.greater(x, -1), tf.logicalNot(tf.greaterEqual(x, 1)));
    return tf.cast(tf.logicalOr(both, tf.lessEqual(x, -2)), 'float32');
  },
  equal: (x) => tf.add(tf.cast(tf.equal(tf.round(x), 0), 'float32'), tf.cast(tf.notEqual(tf.round(x), 1), 'float32')),
  divNoNan: (x) => tf.divNoNan(x, tf.relu(x)),
  floorDiv: (x) => tf.floorDiv(x, tf.scalar(0.7)),
  floorDivWhole: (x) => tf.cast(tf.floorDiv(tf.cast(tf.mul(x, 10), 'int32'), tf.scalar(3, 'int32')), 'float32'),
  mod: (x) => tf.mod(x, tf.scalar(0.7)),
  modWhole: (x) => tf.cast(tf.mod(tf.cast(tf.mul(x, 10), 'int32'), tf.scalar(3, 'int32')), 'float32'),
  pow: (x) => tf.pow(positive(x), 1.7),
  squaredDifference: (x) => tf.squaredDifference(x, tf.mean(x, 1, true)),
  where: (x) => tf.where(tf.greater(x, 0), tf.square(x), tf.neg(x)),
  likeOnes: (x) => tf.add(tf.onesLike(x), tf.mul(x, tf.zerosLike(x))),
  maximum: (x) => tf.maximum(tf.minimum(x, 1), tf.neg(x)),
  max: (x) => tf.max(x, 1),
  min: (x) => tf.min(x, 1),
  prod: (x) => tf.prod(tf.slice(x, [0, 0, 0], [-1, 3, -1]), 1),
  all: (x) => tf.cast(tf.all(tf.greater(x, -4), 1), 'float32'),
  any: (x) => tf.cast(tf.any(tf.greater(x, 4), 1), 'float32'),
  argMax: (x) => tf.cast(tf.add(tf.argMax(x, 1), tf.argMin(x, 1)), 'float32'),
  cumsum: (x) => tf.cumsum(x, 1),
  cumsumFromEnd: (x) => tf.cumsum(x, 1, true, true),
  stack: (x) => tf.mean(tf.stack([x, tf.square(x)], 1), 1),
  unstack: (x) => tf.stack(tf.unstack(tf.slice(x, [0, 0, 0], [-1, -1, 4]), 2).reverse(), 2),
  gather: (x) => tf.gather(x, tf.tensor1d([3, 1, 1, 15], 'int32'), 2),
  splitUnequal: (x) => tf.concat(tf.split(x, [3, 5, 8], 2).reverse(), 2),
  stridedSlice: (x) => tf.stridedSlice(x, [0, 0, 1], x.shape, [1, 2, 3]),
  mirrorPad: (x) =>
    tf.mirrorPad(
      x,
      [
        [0, 0],
        [1, 2],
        [0, 0],
      ],
      'reflect',
    ),
  tile: (x) => tf.tile(x, [1, 2, 1]),
  broadcastTo: (x) => tf.broadcastTo(tf.mean(x, 1, true), x.shape as [number, number, number]),
  transposed: (x) => tf.matMul(tf.transpose(x, [0, 2, 1]), x),
  matMulAdjoint: (x) => tf.matMul(x, x, true, false),
  avgPool: (x) => rows(tf.avgPool(map(x), [2, 3], [2, 1], 'valid')),
  avgPoolSame: (x) => rows(tf.avgPool(map(x), 3, 2, 'same')),
  maxPool: (x) => rows(tf.maxPool(map(x), [3, 2], [1, 2], 'same')),
  conv2dSame: (x) => rows(tf.conv2d(map(x), tf.reshape(tf.range(0, 18), [3, 3, 1, 2]) as Map4, 2, 'same')),
  depthwise: (x) => rows(tf.depthwiseConv2d(map(x), tf.reshape(tf.range(0, 18), [3, 3, 1, 2]) as Map4, 1, 'same')),
  batchNorm: (x) =>
    rows(tf.batchNorm(map(x), tf.tensor1d([0.2]), tf.tensor1d([2]), tf.tensor1d([0.1]), tf.tensor1d([3]))),
  oneOverFrames: (x) => tf.mul(tf.sum(x, 1), tf.scalar(1 / x.shape[1]!)),
  range: (x) => tf.mul(x, tf.expandDims(tf.range(0, x.shape[1]!), 1)),
  ones: (x) => tf.mul(x, tf.ones([x.shape[1]!, 1])),
  flattenRows: (x) => tf.reshape(tf.square(tf.reshape(x, [-1, 16])), x.shape),
};

/** [batch, size] of a case. */
export function caseVectors(name: string): (features: Tensor) => Tensor {
  return (features) => {
    const result = operationCases[name](features);
    return result.rank === 3 ? tf.mean(result, 1) : result;
  };
}
