import { gradientAt } from '../../engine/autodiff.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { Backbone } from '../../nn/backbone.js';

/** The input of the network, on which saliency can be asked for like on a layer. */
export const FEATURES = 'features';

/** Names of the layers of a network that saliency can be asked for on: the features, layers of frames, maps. */
export const salientLayers = ({ layers = {}, maps = [] }: Backbone): string[] => {
  const frames = Object.entries(layers).flatMap(([name, { of }]) => (of === 'frames' ? [name] : []));
  return [FEATURES].concat(frames, maps);
};

/** A score, and where in a layer it comes from. */
export interface LayerCam {
  /** A scalar. */
  score: Tensor;
  /** [time, frequency]; of a layer of frames, one row of frequency. At least 0. */
  saliency: Tensor;
}

/**
 * LayerCAM (P.-T. Jiang, C.-B. Zhang, Q. Hou, M.-M. Cheng, Y. Wei, "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization",
 * IEEE Transactions on Image Processing 2021, doi:10.1109/TIP.2021.3089943): every place of a layer has, for each channel, the positive part
 * of the score's gradient as the weight of its activation; their sum over the channels, where positive, is the saliency.
 * @param features [1, frames, bins]
 * @param scoreOf the score of an embedding [1, size], a scalar
 */
export function layerCam(
  backbone: Backbone,
  layer: string,
  features: Tensor,
  scoreOf: (embedding: Tensor) => Tensor,
): LayerCam {
  const { value, at, gradient } = gradientAt((mark) => {
    if (layer === FEATURES) mark(features);
    const listen = (name: string, output: Tensor) => {
      if (name === layer) mark(output);
    };
    return scoreOf(backbone.embed(features, { training: false, tap: listen, tapMap: listen }));
  });
  // The features have one channel, and a layer of frames one row.
  const channelled = (x: Tensor): Tensor =>
    x.rank === 4 ? x : layer === FEATURES ? tf.expandDims(x, 3) : tf.expandDims(x, 2);
  return { score: value, saliency: saliencyOf(channelled(at), channelled(gradient)) };
}

/** Of one recording's activations and gradients [1, time, frequency, channels]: [time, frequency]. */
const saliencyOf = (activations: Tensor, gradients: Tensor): Tensor =>
  tf.squeeze(tf.relu(tf.sum(tf.mul(tf.relu(gradients), activations), 3)) as Tensor, [0]);
