import { tensorflow } from '../backend.js';
import { type Attribute, intAttr, stringAttr } from '../graph/attributes.js';
import { after } from '../local-gradients.js';
import { cast, raw } from '../raw.js';
import type { Tensor } from '../tf.js';
import { currentTrace, inferring } from '../trace.js';
import { joinPhases, splitPhases } from './phases.js';

const ATTRIBUTES: readonly Attribute[] = [
  intAttr('strides', [1, 1, 1, 1]),
  stringAttr('padding', 'SAME'),
  stringAttr('data_format', 'NHWC'),
];

/**
 * Depth-wise 2-D convolution (cross-correlation): every channel of `x` [batch, height, width, channels] with a filter of its own,
 * `filter` [fh, fw, channels] of odd sizes, whose taps are `dilation` places apart. Zeros around keep the size. Differentiable in both;
 * computes in the session's compute type.
 */
export function depthwiseConv2d(x: Tensor, filter: Tensor, dilation: [number, number] = [1, 1]): Tensor {
  if (dilation[0] === 1 && dilation[1] === 1) return dense(x, filter);
  if (inferring()) {
    // One operation, without a gradient: what is best in inference, here and in other runtimes.
    const { compute } = currentTrace();
    const weights = cast(tensorflow.reshape(filter, [...filter.shape, 1]), compute);
    const dilated = [...ATTRIBUTES, intAttr('dilations', [1, ...dilation, 1])];
    return raw('DepthwiseConv2dNative', [cast(x, compute), weights], dilated)[0];
  }
  // As in conv2d: a dense one of the input's phases. Zeros beyond a phase's ends are zeros beyond the map's.
  const [, height, width] = x.shape as number[];
  return joinPhases(dense(splitPhases(x, dilation, [0, 0]), filter), dilation, [height, width]);
}

function dense(x: Tensor, filter: Tensor): Tensor {
  const { compute } = currentTrace();
  const kernel = [...filter.shape, 1];
  const op = tensorflow.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void;
    const [input, weights] = (args as Tensor[]).map((tensor) => cast(tensor, compute));
    save([input, weights]);
    return {
      value: raw('DepthwiseConv2dNative', [input, weights], ATTRIBUTES)[0],
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [inputSaved, weightsSaved] = saved;
        const dyCast = cast(dy, compute);
        const sizes = (shape: number[]) => tensorflow.tensor1d(shape, 'int32');
        const ofFilter = [inputSaved, sizes(kernel), dyCast];
        const [filterGradient] = raw('DepthwiseConv2dNativeBackpropFilter', ofFilter, ATTRIBUTES);
        // As in conv2d: the input's gradient first would keep this layer's maps alive meanwhile.
        const ofInput = [sizes(x.shape), weightsSaved, dyCast];
        const [inputGradient] = after([filterGradient], () =>
          raw('DepthwiseConv2dNativeBackpropInput', ofInput, ATTRIBUTES),
        );
        return [inputGradient, cast(filterGradient, 'float32')];
      },
    };
  });
  return op(x, tensorflow.reshape(filter, kernel));
}
