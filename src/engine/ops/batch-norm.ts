import { tensorflow } from '../backend.js';
import { boolAttr, floatAttr, stringAttr } from '../graph/attributes.js';
import { DT } from '../graph/data-types.js';
import { cast, dataTypeOfTensor, raw } from '../raw.js';
import type { Tensor } from '../tf.js';
import { anyLength, currentWorkers, inferring } from '../trace.js';
import { batchNormOfWorkers } from './batch-norm-of-workers.js';

/** Normalised map and the batch's own mean and (unbiased) variance, each [channels]. */
export interface BatchNormResult {
  y: Tensor;
  mean: Tensor;
  variance: Tensor;
}

/**
 * Batch normalisation of `x` [batch, height, width, channels] by the batch's statistics (FusedBatchNormV3 with its fused
 * gradient), differentiable in x, scale and offset. `variance` has Bessel's correction, as running statistics want it. Where several
 * workers have a part of the batch each, the statistics are those of all of it.
 */
export function batchNormTrain(x: Tensor, scale: Tensor, offset: Tensor, epsilon: number): BatchNormResult {
  const workers = currentWorkers();
  if (workers) return batchNormOfWorkers(x, scale, offset, epsilon, workers);
  const attributes = (training: boolean) => [
    floatAttr('epsilon', epsilon),
    stringAttr('data_format', 'NHWC'),
    boolAttr('is_training', training),
  ];
  let statistics: { mean: Tensor; variance: Tensor } | undefined;
  const op = tensorflow.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void;
    const [input, gamma, beta] = args as Tensor[];
    const empty = tensorflow.tensor1d([], 'float32');
    const inputs = [input, gamma, beta, empty, empty];
    const [y, mean, variance, r1, r2, r3] = raw('FusedBatchNormV3', inputs, [
      ...attributes(true),
      floatAttr('exponential_avg_factor', 1),
    ]);
    statistics = { mean: tensorflow.keep(mean), variance: tensorflow.keep(variance) };
    save([input, gamma, r1, r2, r3]);
    return {
      value: y,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const narrow = dataTypeOfTensor(saved[0]) === DT.BFLOAT16;
        const upstream = narrow ? cast(dy, 'bfloat16') : dy;
        return raw('FusedBatchNormGradV3', [upstream, ...saved], attributes(true)).slice(0, 3);
      },
    };
  });
  const y = op(x, scale, offset);
  return { y, ...statistics! };
}

/** Batch normalisation of `x` [..., channels] by given (running) statistics: an affine map per channel, one operation where no gradient is asked for. */
export function batchNormInference(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  mean: Tensor,
  variance: Tensor,
  epsilon: number,
): Tensor {
  if (inferring() && !anyLength() && dataTypeOfTensor(x) === DT.FLOAT) {
    const channels = gamma.size;
    const map = x.rank === 4 ? x : tensorflow.reshape(x, [1, 1, x.size / channels, channels]);
    const attributes = [
      floatAttr('epsilon', epsilon),
      stringAttr('data_format', 'NHWC'),
      boolAttr('is_training', false),
    ];
    const [y] = raw('FusedBatchNormV3', [map, gamma, beta, mean, variance], attributes);
    return tensorflow.reshape(y, x.shape);
  }
  const { scale, offset } = foldBatchNorm(gamma, beta, mean, variance, epsilon);
  return tensorflow.add(tensorflow.mul(x, scale), offset);
}

/** That affine map, scale * x + offset, each [channels]. */
export function foldBatchNorm(gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, epsilon: number) {
  const scale: Tensor = tensorflow.mul(gamma, tensorflow.rsqrt(tensorflow.add(variance, epsilon)));
  const offset: Tensor = tensorflow.sub(beta, tensorflow.mul(mean, scale));
  return { scale, offset };
}
