import type { Tensor } from '../engine/tf.js';
import type { Pass } from './pass.js';

/** A network that turns features into an utterance embedding. */
export interface Backbone {
  embeddingSize: number;
  /** Fewest frames of a training crop: the product of the time strides, or what unpadded convolutions see. Default 1. */
  minFrames?: number;
  /** [batch, frames, bins] -> [batch, embeddingSize]. */
  embed(features: Tensor, pass: Pass): Tensor;
}
