import { type Tensor, tf } from '../../engine/tf.js';
import { framePeriodMs } from '../frame-period.js';

/**
 * For each frame of a layer, the number of the feature frame at its middle. A layer of stride k has one where its k-th feature frames lie; what
 * unpadded convolutions lose they lose at both ends alike. // [frames of the layer]
 */
export function middlesOf(layerFrames: number, featureFrames: number): Int32Array {
  const stride = framePeriodMs(layerFrames, featureFrames, 1);
  const before = Math.floor((featureFrames - 1 - (layerFrames - 1) * stride) / 2);
  // Where padding alone makes up for an incomplete stride, the first frame lies at the start.
  const start = Math.ceil(featureFrames / stride) === layerFrames ? 0 : before;
  return Int32Array.from({ length: layerFrames }, (_, i) => Math.min(featureFrames - 1, start + i * stride));
}

/** Distributions over classes, of classes [rows, frames] (int32, -1 for none), or as they are, [rows, frames, classes]. */
export const distributionsOf = (labels: Tensor, classes: number): Tensor =>
  labels.rank === 3 ? labels : (tf.cast(tf.oneHot(labels, classes), 'float32') as Tensor);

/** Distributions [rows, feature frames, classes] at the frames of a layer: [rows, layer's frames, classes]. */
export const atLayer = (labels: Tensor, layerFrames: number): Tensor =>
  tf.gather(labels, tf.tensor1d(middlesOf(layerFrames, labels.shape[1]!), 'int32'), 1) as Tensor;

/** The shares y_c = N_c / N of the classes among the known frames of each row; zeros where there is none. // [rows, classes] */
export function sharesOf(labels: Tensor): Tensor {
  const sums = tf.sum(labels, 1) as Tensor;
  return tf.div(sums, tf.maximum(tf.sum(sums, 1, true), 1e-12)) as Tensor;
}
