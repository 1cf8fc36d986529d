import { fixedValues, TERNARY_THRESHOLD } from '../../embed/quantize/codebook.js';
import type { PackedTensor, Packing } from '../../embed/quantize/packed-tensor.js';
import { withoutGradient } from '../../engine/autodiff.js';
import { segmentSums } from '../../engine/gather.js';
import { placesBetween } from '../../engine/ops/nearest-value.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { Variable } from '../../engine/variable.js';
import { float32, type HostTensor } from '../../host-tensor.js';
import type { Scope } from '../../nn/scope.js';
import { maxByScale, type Rounded, straightThrough, sumByScale } from './straight-through.js';

/** How one layer's weights are rounded while they are trained. */
export interface LayerRounding {
  /** While tracing: the weight as the forward pass sees it. */
  read(weight: Variable): Tensor;
  /** While tracing: codes, values and scales of the weight as it is. */
  rounded(weight: Variable): Rounded;
  /** While tracing, after the weights have moved: what else moves, a codebook of k-means. */
  move(weight: Variable): void;
  /** First values of what is learned beside the weights, from those of the weight as it was rounded after training. */
  start(packed: PackedTensor): Record<string, HostTensor>;
}

/**
 * The rounding of a layer of `shape`, with what it learns at `scope`: scales of ternary and binary weights by their gradient; values of
 * k-means by a round of Lloyd's algorithm after every step. Other scales follow the weights.
 */
export function layerRounding(scope: Scope, shape: readonly number[], packing: Packing): LayerRounding {
  const { method, bits } = packing;
  const count = packing.scales === 'channel' ? shape.at(-1)! : 1;
  const learned = method === 'ternary' || method === 'binary' ? scope.param('scales', [count], 1) : undefined;
  const codebook = method === 'k-means' ? scope.buffer('values', [2 ** bits], 0) : undefined;
  const values = (): Tensor => codebook?.read() ?? tf.tensor1d(fixedValues(method as 'linear', bits));
  const sizes = (weights: Tensor): Tensor =>
    method === 'linear' || method === 'power-of-two'
      ? maxByScale(tf.abs(weights), count)
      : tf.div(sumByScale(tf.abs(weights), count), weights.size / count);
  const rounded = (weight: Variable): Rounded => {
    const weights = weight.read();
    const own = values();
    const scales = learned?.read() ?? sizes(weights);
    return { codes: placesBetween(edgesOf(own), inUnits(weights, scales)), values: own, scales };
  };
  /** The weights on the scale of the values: a learned scale says how large they become, not which they are. */
  const inUnits = (weights: Tensor, scales: Tensor): Tensor => {
    if (method === 'binary') return weights;
    // From 0 to 1 the middle is a half, and the threshold is to be there.
    const units = method === 'ternary' ? tf.mul(sizes(weights), 2 * TERNARY_THRESHOLD) : scales;
    // A channel of zeros has no scale, and needs none.
    return tf.div(weights, tf.where(tf.greater(units, 0), units, tf.onesLike(units)));
  };
  return {
    rounded: (weight) => withoutGradient(() => rounded(weight)),
    read(weight) {
      const constant = withoutGradient(() => rounded(weight));
      const scales = learned?.read() ?? constant.scales;
      return straightThrough(weight.read(), { ...constant, scales }, learned !== undefined);
    },
    move(weight) {
      if (codebook) codebook.assign(meansOf(codebook.read(), inUnits(weight.read(), sizes(weight.read()))));
    },
    start(packed) {
      return {
        ...(learned && { [learned.name]: float32(packed.scales) }),
        ...(codebook && { [codebook.name]: float32(packed.values) }),
      };
    },
  };
}

/** Halfway between neighbours. // [values - 1] */
function edgesOf(values: Tensor): Tensor {
  const edges = values.size - 1;
  return tf.mul(tf.add(tf.slice(values, [0], [edges]), tf.slice(values, [1], [edges])), 0.5);
}

/** A round of Lloyd's algorithm: each value becomes the mean of the numbers that are nearest to it; one without any stays. */
function meansOf(values: Tensor, numbers: Tensor): Tensor {
  const flat = tf.reshape(numbers, [-1]);
  const codes = placesBetween(edgesOf(values), flat);
  const counts = segmentSums(tf.onesLike(flat), codes, values.size);
  const sums = segmentSums(flat, codes, values.size);
  return tf.where(tf.greater(counts, 0), tf.div(sums, tf.maximum(counts, 1)), values);
}
