import { type Backbone, checkpointed, type Layer, maskTime, relu, stridedPass, tf } from '../../index.js';
import { headLayer, type MapContext, stemLayer } from './ends.js';

/** A part of a network and its stride in time. */
export interface StridedLayer {
  layer: Layer;
  stride: number;
}

/** Stem, `layers` one behind the other, head over their last `channels` and `rows` of frequency. */
export function plainNetwork(
  context: MapContext,
  layers: readonly StridedLayer[],
  { rows, channels }: { rows: number; channels: number },
): Backbone {
  const { scope, options } = context;
  const stem = { layer: stemLayer(scope, options.width), stride: 1 };
  const sequence = [stem, ...layers].map(({ layer, stride }) => ({
    layer: options.checkpointing ? checkpointed(layer) : layer,
    stride,
  }));
  const head = headLayer(context, rows, channels);
  return {
    embeddingSize: options.embeddingSize,
    minFrames: layers.reduce((product, { stride }) => product * stride, 1),
    embed(features, pass) {
      let [x, at] = [features, pass];
      for (const { layer, stride } of sequence) {
        x = layer(x, at);
        at = stridedPass(at, stride);
      }
      return head(x, at);
    },
  };
}

/** The sum of a residual function and a shortcut (the input itself where there is none), rectified. */
export function residualBlock(residual: Layer, stride = 1, shortcut: Layer = (x) => x): Layer {
  return (x, pass) => {
    const sum = tf.add(residual(x, pass), shortcut(x, pass));
    return relu(maskTime(sum, stridedPass(pass, stride)));
  };
}
