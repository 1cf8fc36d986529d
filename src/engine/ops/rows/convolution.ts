import { tensorflow } from '../../backend.js';
import { after } from '../../local-gradients.js';
import type { Tensor } from '../../tf.js';
import { plainConv2d } from '../plain-conv2d.js';
import { filterGradient, type RowGeometry } from './filter-gradient.js';

/**
 * Convolution of `x` [batch, rows, width, in] along its rows with `filter` [1, taps, in, out], of stride 1, differentiable in both, as a
 * processor does it best: forward and in x by TensorFlow's kernel, dilated as it is, in the filter by products.
 */
export function convolveRows(x: Tensor, filter: Tensor, geometry: RowGeometry): Tensor {
  const { taps, dilation, pad } = geometry;
  const op = tensorflow.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void;
    const [input, weights] = args as Tensor[];
    save([input, weights]);
    return {
      value: along(input, weights, dilation, pad),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const ofFilter = filterGradient(saved[0], dy, geometry);
        // The input's gradient leads on to the layers before: if it ran first, this layer's maps would stay alive meanwhile.
        const ofInput = after([ofFilter], () => {
          const mirrored = tensorflow.transpose(tensorflow.reverse(saved[1], 1), [0, 1, 3, 2]);
          return along(dy, mirrored, dilation, dilation * (taps - 1) - pad);
        });
        return [ofInput, ofFilter];
      },
    };
  });
  return op(x, filter);
}

const along = (x: Tensor, filter: Tensor, dilation: number, pad: number): Tensor =>
  plainConv2d(x, filter, { dilation: [1, dilation], pad: [0, pad] });
