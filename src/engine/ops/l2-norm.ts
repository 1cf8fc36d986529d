import { tensorflow } from '../backend.js';
import { raw } from '../raw.js';
import type { Tensor } from '../tf.js';

/** Root of the sum of squares over all elements, without a copy of them; has no gradient. */
export const l2Norm = (x: Tensor): Tensor => tensorflow.sqrt(tensorflow.mul(raw('L2Loss', [x])[0], 2));
