import { tensorflow } from '../backend.js';
import { toFloat32 } from '../raw.js';
import type { Tensor } from '../tf.js';

/** Between 128 and 256 the float32 numbers are 2^-16 apart: adding this rounds a smaller number to that grid. */
const SHIFT = 192;

/**
 * Rounds to multiples of 2^-16, in float32. Sums and differences of such numbers are exact up to 256, so that what was added can be
 * taken away again without a trace. The gradient passes unchanged. Beyond 64 the result is only nearly on the grid.
 */
export function onGrid(x: Tensor): Tensor {
  return tensorflow.customGrad((input) => ({
    value: tensorflow.sub(tensorflow.add(toFloat32(input as Tensor), SHIFT), SHIFT),
    gradFunc: (dy: Tensor) => dy,
  }))(x);
}
