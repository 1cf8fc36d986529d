import { DT } from '../engine/graph/data-types.js';
import { cast, dataTypeOfTensor } from '../engine/raw.js';
import { type Tensor, tf } from '../engine/tf.js';

/** Scales `x` by weights that broadcast over it; the map keeps its type, so a bfloat16 one stays narrow. */
export const gated = (x: Tensor, weights: Tensor): Tensor =>
  tf.mul(x, dataTypeOfTensor(x) === DT.BFLOAT16 ? cast(weights, 'bfloat16') : weights);
