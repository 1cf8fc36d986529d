import { tensorflow } from '../backend.js';
import { type Attribute, intAttr, stringAttr } from '../graph/attributes.js';
import { after } from '../local-gradients.js';
import { cast, raw } from '../raw.js';
import type { Tensor } from '../tf.js';
import { currentTrace, inferring } from '../trace.js';
import { joinPhases, splitPhases } from './phases.js';
import { type ConvGeometry, plainConv2d } from './plain-conv2d.js';
import { convolveRows } from './rows/convolution.js';

/**
 * 2-D convolution (cross-correlation) of `x` [batch, height, width, in] with `filter` [fh, fw, in, out], differentiable in both.
 * Output size: floor((size + 2 pad - dilation (f - 1) - 1) / stride) + 1. Computes in the session's compute type.
 */
export function conv2d(x: Tensor, filter: Tensor, geometry: ConvGeometry = {}): Tensor {
  const { stride = [1, 1], pad = [0, 0] } = geometry;
  const [fh, fw] = filter.shape;
  const dilation = spacing(filter, geometry.dilation);
  if (inferring()) return plainConv2d(x, filter, { stride, dilation, pad });
  const strided = stride[0] > 1 || stride[1] > 1;
  if (fh === 1 && !strided && pad[0] === 0 && runsAlongRows(filter, dilation[1], pad[1])) {
    return convolveRows(x, filter, { taps: fw, dilation: dilation[1], pad: pad[1] });
  }
  if (dilation[0] > 1 || dilation[1] > 1) {
    const y = dilated(x, filter, dilation, pad);
    return strided ? sampled(y, sampling(stride)) : y;
  }
  if (strided && fh === 1 && fw === 1) {
    // The weight gradient of a strided 1x1 convolution with few channels writes past its buffer in TensorFlow 2.21's oneDNN
    // kernel. Taking the samples first is the same mathematics, safe and faster.
    const taken = pad[0] || pad[1] ? sampled(x, padding(pad)) : x;
    return convolve(taken, filter, [1, 1], 'VALID', sampling(stride));
  }
  const same = !strided && pad[0] * 2 === fh - 1 && pad[1] * 2 === fw - 1;
  // oneDNN does not take over the gradients of EXPLICIT padding, hence SAME or a padding of our own with VALID.
  if (same) return convolve(x, filter, stride, 'SAME');
  return convolve(x, filter, stride, 'VALID', pad[0] || pad[1] ? padding(pad) : everything);
}

/** With fewer input channels the products of its filter's gradient would be thin, and TensorFlow's kernel is the faster way. */
const LEAST_INPUTS = 16;

/** Where a convolution along rows has a way of its own: on a processor, in float32. With one tap TensorFlow's kernels are as good. */
function runsAlongRows({ shape }: Tensor, dilation: number, pad: number): boolean {
  const { compute, onGpu } = currentTrace();
  const [, taps, inputs] = shape as [number, number, number];
  return !onGpu && compute === 'float32' && taps > 1 && inputs >= LEAST_INPUTS && pad <= dilation * (taps - 1);
}

/** The dilation that counts: along an axis with one tap it means nothing. */
function spacing(filter: Tensor, [dh, dw]: [number, number] = [1, 1]): [number, number] {
  return [filter.shape[0] === 1 ? 1 : dh, filter.shape[1] === 1 ? 1 : dw];
}

/**
 * A dilated convolution as a dense one of the input's phases: the same speed where TensorFlow has kernels for dilation. Without
 * oneDNN it has none for the gradients on a CPU, and oneDNN's bfloat16 weight gradient leaves its buffers.
 */
function dilated(x: Tensor, filter: Tensor, dilation: [number, number], pad: [number, number]): Tensor {
  const along = (i: 0 | 1) => x.shape[i + 1]! + 2 * pad[i] - dilation[i] * (filter.shape[i]! - 1);
  const y = convolve(splitPhases(x, dilation, pad), filter, [1, 1], 'VALID');
  return joinPhases(y, dilation, [along(0), along(1)]);
}

/** A choice of places in front of a convolution. It is made again for the gradient, so that the chosen copy is not kept. */
interface Sampling {
  forward(x: Tensor): Tensor;
  /** The gradient for a map of the given shape. */
  backward(dy: Tensor, shape: number[]): Tensor;
}

const everything: Sampling = { forward: (x) => x, backward: (dy) => dy };

/** Zeros on both sides. */
function padding([ph, pw]: [number, number]): Sampling {
  const amounts: [number, number][] = [
    [0, 0],
    [ph, ph],
    [pw, pw],
    [0, 0],
  ];
  const { onGpu } = currentTrace();
  return {
    // TensorFlow.js' own widens a bfloat16 map to float32, and with it the convolution: on a CPU, whose bits stay what they were.
    forward: (x) =>
      onGpu ? raw('Pad', [x, tensorflow.tensor2d(amounts, [4, 2], 'int32')])[0] : tensorflow.pad(x, amounts),
    backward: (dy, shape) => tensorflow.slice(dy, [0, ph, pw, 0], shape),
  };
}

/** Every sh-th row and sw-th column; TensorFlow.js has no gradient for its stridedSlice. */
function sampling([sh, sw]: [number, number]): Sampling {
  const integers = (values: number[]) => tensorflow.tensor1d(values, 'int32');
  const slice = (shape: number[]) => [integers([0, 0, 0, 0]), integers(shape), integers([1, sh, sw, 1])];
  return {
    forward: (x) => raw('StridedSlice', [x, ...slice(x.shape)])[0],
    backward: (dy, shape) => raw('StridedSliceGrad', [integers(shape), ...slice(shape), dy])[0],
  };
}

/** A sampling on its own, differentiable. */
function sampled(x: Tensor, { forward, backward }: Sampling): Tensor {
  return tensorflow.customGrad((input) => ({
    value: forward(input as Tensor),
    gradFunc: (dy: Tensor) => backward(dy, x.shape),
  }))(x);
}

function convolve(
  x: Tensor,
  filter: Tensor,
  stride: [number, number],
  edges: 'SAME' | 'VALID',
  { forward, backward }: Sampling = everything,
): Tensor {
  const attributes: Attribute[] = [
    intAttr('strides', [1, ...stride, 1]),
    stringAttr('padding', edges),
    stringAttr('data_format', 'NHWC'),
  ];
  const { compute } = currentTrace();
  const sizes = (shape: number[]) => tensorflow.tensor1d(shape, 'int32');
  const op = tensorflow.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void;
    const [input, weights] = (args as Tensor[]).map((tensor) => cast(tensor, compute));
    save([input, weights]);
    return {
      value: raw('Conv2D', [forward(input), weights], attributes)[0],
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const dyCast = cast(dy, compute);
        const seen = after([dy], () => forward(saved[0]));
        const [filterGradient] = raw('Conv2DBackpropFilter', [seen, sizes(filter.shape), dyCast], attributes);
        // The input's gradient leads on to the layers before: if it ran first, this layer's maps would stay alive meanwhile.
        const [inputGradient] = after([filterGradient], () =>
          raw('Conv2DBackpropInput', [sizes(seen.shape), saved[1], dyCast], attributes),
        );
        return [backward(inputGradient, x.shape), cast(filterGradient, 'float32')];
      },
    };
  });
  return op(x, filter);
}
