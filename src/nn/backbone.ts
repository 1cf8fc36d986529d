import type { Tensor } from '../engine/tf.js';
import type { Pass } from './pass.js';

/** A layer whose output a network hands to `pass.tap`. */
export interface TappedLayer {
  /** Channels. */
  size: number;
  /** `frames`: one vector a frame, [batch, time, size]; `utterance`: one in all, [batch, size]. */
  of: 'frames' | 'utterance';
}

/** A network that turns features into an utterance embedding. */
export interface Backbone {
  embeddingSize: number;
  /** Fewest frames of a training crop: the product of the time strides, or what unpadded convolutions see. Default 1. */
  minFrames?: number;
  /** The layers that `embed` hands to `pass.tap`, by name, from the features on. Default: none. */
  layers?: Readonly<Record<string, TappedLayer>>;
  /** The maps over time and frequency that `embed` hands to `pass.tapMap`, by name, from the features on. Default: none. */
  maps?: readonly string[];
  /** [batch, frames, bins] -> [batch, embeddingSize]. */
  embed(features: Tensor, pass: Pass): Tensor;
}
