import { tensorflow } from '../backend.js';
import { boolAttr, floatAttr, stringAttr } from '../graph/attributes.js';
import { DT } from '../graph/data-types.js';
import { kept, withGradient } from '../local-gradients.js';
import { cast, dataTypeOfTensor, raw } from '../raw.js';
import type { Tensor } from '../tf.js';
import { gathered, reduced } from '../workers/collectives.js';
import type { WorkerGroup } from '../workers/group.js';
import type { BatchNormResult } from './batch-norm.js';

/**
 * Batch normalisation of this worker's rows `x` [batch, height, width, channels] by the statistics of all workers' rows, as if one process
 * had them all; differentiable in x, scale and offset. The forward pass hears the others' means and variances, the backward pass two sums
 * a channel; these are all that travels.
 */
export function batchNormOfWorkers(
  x: Tensor,
  scale: Tensor,
  offset: Tensor,
  epsilon: number,
  { count }: WorkerGroup,
): BatchNormResult {
  const attributes = (training: boolean) => [
    floatAttr('epsilon', epsilon),
    stringAttr('data_format', 'NHWC'),
    boolAttr('is_training', training),
  ];
  const empty = () => tensorflow.tensor1d([], 'float32');
  const values = x.size / x.shape[3]!;
  const [, ownMean, ownVariance] = raw(
    'FusedBatchNormV3',
    [x, scale, offset, empty(), empty()],
    [...attributes(true), floatAttr('exponential_avg_factor', 1)],
  );
  // TensorFlow's variance has Bessel's correction, which is taken back: a mean of means would be wrong with it.
  const plain = tensorflow.mul(ownVariance, Math.max(values - 1, 1) / values);
  const { mean, variance } = joinedMoments(tensorflow.stack([ownMean, plain]));
  const [y] = raw(
    'FusedBatchNormV3',
    [x, scale, offset, mean, variance],
    [...attributes(false), floatAttr('exponential_avg_factor', 1)],
  );
  const [input, gamma] = [kept(x), kept(scale)];
  const [result] = withGradient([x, scale, offset], [y], ([dy]) => {
    const narrow = dataTypeOfTensor(input) === DT.BFLOAT16;
    const upstream = narrow ? cast(dy, 'bfloat16') : dy;
    // As if the statistics were constants: dx without their part, and this worker's sums for scale and offset.
    const grads = raw('FusedBatchNormGradV3', [upstream, input, gamma, mean, variance, empty()], attributes(false));
    const [dx, dScale, dOffset] = grads;
    const sums = reduced(tensorflow.stack([dScale, dOffset]));
    const [allScale, allOffset] = tensorflow.unstack(tensorflow.div(sums, count * values));
    // The statistics' part is (allOffset + normalised x * allScale) * gamma / deviation. Means are taken away first, for precision.
    const inverse: Tensor = tensorflow.rsqrt(tensorflow.add(variance, epsilon));
    const slope: Tensor = tensorflow.mul(gamma, inverse);
    const centred = tensorflow.mul(
      tensorflow.sub(input, mean),
      tensorflow.mul(tensorflow.mul(slope, inverse), allScale),
    );
    const whole = tensorflow.sub(dx, tensorflow.add(centred, tensorflow.mul(slope, allOffset)));
    return [narrow ? cast(whole, 'bfloat16') : whole, dScale, dOffset];
  });
  const all = count * values;
  return { y: result, mean, variance: kept(tensorflow.mul(variance, all / Math.max(all - 1, 1))) };
}

/** Mean and variance [channels] of all workers' values, from each worker's own [2, channels] of equally many. */
function joinedMoments(own: Tensor): { mean: Tensor; variance: Tensor } {
  const each = gathered(tensorflow.expandDims(own, 0)); // [workers, 2, channels]
  const [means, variances] = tensorflow.unstack(each, 1);
  const mean = tensorflow.mean(means, 0);
  const apart = tensorflow.mean(tensorflow.square(tensorflow.sub(means, mean)), 0);
  return { mean: kept(mean), variance: kept(tensorflow.add(tensorflow.mean(variances, 0), apart)) };
}
