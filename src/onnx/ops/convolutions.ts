import type { HostTensor } from '../../host-tensor.js';
import type { Computed, Context, Translate, Value } from '../context.js';
import { CHANNELS_FIRST, inOrder, same, transposed } from '../layout.js';
import type { OnnxAttribute } from '../proto.js';
import { constantOf, dimsOf, named, rankOf, result } from '../values.js';

/** Convolutions, their bias, normalisation and pooling over [batch, height, width, channels]. */
export const convolutions: Record<string, Translate> = {
  Conv2D: (context) => convolve(context, named(context, context.inputs[1], [3, 2, 0, 1]), kernelOf(context), {}),
  DepthwiseConv2dNative(context) {
    const [height, width] = kernelOf(context);
    const filter = context.inputs[1];
    if (filter.kind !== 'fixed') return context.refuse('a filter that is not constant');
    const [, , channels, times] = filter.value.shape;
    const byChannel = transposed(filter.value, [2, 3, 0, 1]);
    const weight: HostTensor = { ...byChannel, shape: [channels * times, 1, height, width] };
    const name = context.fixed(weight, inOrder(4), filter.name);
    return convolve(context, name, [height, width], { group: channels });
  },
  BiasAdd(context) {
    const joined = withBias(context);
    if (joined) return joined;
    const [x, bias] = context.inputs;
    const rank = rankOf(x);
    const order = x.kind === 'computed' ? x.order : inOrder(rank);
    if (bias.kind !== 'fixed') return context.refuse('a bias that is not constant');
    const { dtype, shape, data } = bias.value;
    const wide = context.fixed({ dtype, data, shape: [...Array(rank - 1).fill(1), ...shape] }, order, bias.name);
    return result(context, context.graph.node('Add', [named(context, x, order), wide]), order);
  },
  FusedBatchNorm: normalise,
  FusedBatchNormV3: normalise,
  AvgPool: (context) => pool(context, 'AveragePool'),
  MaxPool: (context) => pool(context, 'MaxPool'),
};

/** Normalisation by given statistics. */
function normalise(context: Context): Value[] {
  if (context.attribute('is_training', true)) context.refuse("normalisation by the batch's own statistics");
  checkFormat(context);
  const names = context.inputs.map((input, i) =>
    i === 0 ? named(context, input, CHANNELS_FIRST) : named(context, input),
  );
  const attributes = { epsilon: { float: context.attribute('epsilon', 1e-4) } };
  const name = context.graph.node('BatchNormalization', names.slice(0, 5), attributes);
  const rest = context.outputs.slice(1).map(({ dtype }): Value => ({ kind: 'fixed', value: nothing(dtype) }));
  return [result(context, name, CHANNELS_FIRST), ...rest];
}

/** Stands for outputs that only a gradient reads. */
const nothing = (dtype: HostTensor['dtype']): HostTensor => ({ dtype, shape: [0], data: new Float32Array(0) });

function checkFormat(context: Context): void {
  const format = context.attribute('data_format', 'NHWC');
  if (format !== 'NHWC') context.refuse(`the data format ${format}`);
}

const kernelOf = (context: Context): [number, number] => {
  const dims = dimsOf(context, context.inputs[1]);
  const size = (axis: number) => constantOf(dims[axis]) ?? context.refuse('a filter whose size depends on the frames');
  return [size(0), size(1)];
};

type Attributes = Record<string, OnnxAttribute>;

function convolve(context: Context, weight: string, kernel: [number, number], more: Attributes): Value {
  checkFormat(context);
  const { graph } = context;
  const dilations = context.attribute('dilations', [1, 1, 1, 1]).slice(1, 3);
  const attributes = { kernel_shape: kernel, ...geometryOf(context, kernel, dilations), dilations, ...more };
  const name = graph.node('Conv', [named(context, context.inputs[0], CHANNELS_FIRST), weight], attributes);
  return { ...result(context, name, CHANNELS_FIRST), convolution: graph.nodes.at(-1) };
}

/** Strides and zeros around, in ONNX's order: [top, left, bottom, right]. */
function geometryOf(context: Context, kernel: number[], dilations: number[]): Attributes {
  const strides = context.attribute('strides', [1, 1, 1, 1]).slice(1, 3);
  const padding = context.attribute('padding', 'VALID');
  if (padding === 'VALID') return { strides };
  if (padding === 'EXPLICIT') {
    const [, , top, bottom, left, right] = context.attribute<number[]>('explicit_paddings', []);
    return { strides, pads: [top, left, bottom, right] };
  }
  // How many zeros a stride needs depends on the input; both round the larger half to the end.
  if (strides.some((stride) => stride > 1)) return { strides, auto_pad: 'SAME_UPPER' };
  const whole = kernel.map((size, i) => dilations[i] * (size - 1));
  const before = whole.map((size) => Math.floor(size / 2));
  return { strides, pads: [...before, ...whole.map((size, i) => size - before[i])] };
}

function pool(context: Context, type: 'AveragePool' | 'MaxPool'): Value {
  checkFormat(context);
  const size = context.attribute('ksize', [1, 1, 1, 1]);
  if (size[0] !== 1 || size[3] !== 1) context.refuse('pooling over rows or channels');
  const kernel = size.slice(1, 3);
  const attributes = { kernel_shape: kernel, ...geometryOf(context, kernel, [1, 1]) };
  const name = context.graph.node(type, [named(context, context.inputs[0], CHANNELS_FIRST)], attributes);
  return result(context, name, CHANNELS_FIRST);
}

/** A constant added to every channel of a convolution that nothing else reads becomes its bias; undefined elsewhere. */
export function withBias(context: Context): Computed | undefined {
  const [x, bias] = context.inputs;
  if (x.kind !== 'computed' || !x.convolution || !context.readOnce(0) || bias.kind !== 'fixed') return undefined;
  const { shape, dtype, data } = bias.value;
  const channels = constantOf(x.dims[3]);
  if (shape.length === 0 || shape.at(-1) !== channels || data.length !== channels) return undefined;
  if (!same(x.order, CHANNELS_FIRST)) return undefined;
  x.convolution.inputs.push(context.fixed({ dtype, data, shape: [channels] }, [0], bias.name));
  return { ...x, convolution: undefined };
}
