import type { Tensor } from '../engine/tf.js';
import type { Pass } from './pass.js';

/** A part of a network: a map to a map. */
export type Layer = (x: Tensor, pass: Pass) => Tensor;
