import { tensorflow } from '../backend.js';
import { DT } from '../graph/data-types.js';
import { cast, dataTypeOfTensor, raw } from '../raw.js';
import type { Tensor } from '../tf.js';

/** Rectifier with the fused gradient op; keeps its output only. */
export function relu(x: Tensor): Tensor {
  const op = tensorflow.customGrad((...args) => {
    const [input, save] = args as unknown as [Tensor, (tensors: Tensor[]) => void];
    const y = raw('Relu', [input])[0];
    save([y]);
    return {
      value: y,
      gradFunc: (dy: Tensor, saved: Tensor[]) => raw('ReluGrad', [matching(dy, saved[0]), saved[0]])[0],
    };
  });
  return op(x);
}

/**
 * Gaussian error linear unit, the exact form x Φ(x) (Hendrycks and Gimpel, "Gaussian Error Linear Units (GELUs)", 2016,
 * arXiv:1606.08415).
 */
export function gelu(x: Tensor): Tensor {
  return tensorflow.mul(tensorflow.mul(x, 0.5), tensorflow.add(tensorflow.erf(tensorflow.mul(x, Math.SQRT1_2)), 1));
}

/** Fused ops want one type: a float32 gradient of a bfloat16 map is narrowed. */
function matching(dy: Tensor, y: Tensor): Tensor {
  return dataTypeOfTensor(y) === DT.BFLOAT16 ? cast(dy, 'bfloat16') : dy;
}
