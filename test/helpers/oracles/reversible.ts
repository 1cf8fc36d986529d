import type { HostTensor } from '../../../src/host-tensor.js';
import { convOutputSize, naiveConv2d } from './naive-conv2d.js';

/** A map of one utterance, [time, frequency, channels] row-major. */
interface Plane {
  size: [number, number];
  channels: number;
  data: Float64Array;
}

type Weights = Record<string, HostTensor>;
type Streams = [Plane, Plane];

const numbers = (weights: Weights, name: string): Float32Array => weights[name].data as Float32Array;

function zip(a: Plane, b: Plane): Plane {
  return { ...a, data: a.data.map((value, i) => value + b.data[i]) };
}

const rectified = (x: Plane): Plane => ({ ...x, data: x.data.map((value) => Math.max(value, 0)) });

function conv(weights: Weights, path: string, x: Plane, step: number): Plane {
  const filter = weights[`${path}/weight`];
  const [fh, fw, inputs, outputs] = filter.shape;
  const shape = {
    batch: 1,
    size: x.size,
    inputs,
    outputs,
    filter: [fh, fw] as [number, number],
    stride: [step, step] as [number, number],
    dilation: [1, 1] as [number, number],
    pad: [(fh - 1) / 2, (fw - 1) / 2] as [number, number],
  };
  const data = naiveConv2d(shape, x.data, filter.data as Float32Array);
  return { size: convOutputSize(shape), channels: outputs, data };
}

function depthwise(weights: Weights, path: string, x: Plane): Plane {
  const filter = numbers(weights, `${path}/weight`);
  const data = new Float64Array(x.data.length);
  const of = (values: ArrayLike<number>, c: number) => Float64Array.from(values).filter((_, i) => i % x.channels === c);
  for (let c = 0; c < x.channels; c++) {
    const shape = { batch: 1, size: x.size, inputs: 1, outputs: 1, filter: [3, 3], stride: [1, 1], dilation: [1, 1] };
    const y = naiveConv2d({ ...shape, pad: [1, 1] } as Parameters<typeof naiveConv2d>[0], of(x.data, c), of(filter, c));
    y.forEach((value, i) => {
      data[i * x.channels + c] = value;
    });
  }
  return { ...x, data };
}

/** Batch normalisation by running statistics. */
function norm(weights: Weights, path: string, x: Plane): Plane {
  const [scale, offset, mean, variance] = ['scale', 'offset', 'mean', 'variance'].map((name) =>
    numbers(weights, `${path}/${name}`),
  );
  const data = x.data.map((value, i) => {
    const c = i % x.channels;
    return ((value - mean[c]) / Math.sqrt(variance[c] + 1e-5)) * scale[c] + offset[c];
  });
  return { ...x, data };
}

/** The residual function at `path`: convolution and normalisation 1, 2 and, where there is one, 3, with rectifiers between. */
function residual(weights: Weights, path: string, x: Plane): Plane {
  const last = `${path}/conv3/weight` in weights ? 3 : 2;
  let y = x;
  for (let i = 1; i <= last; i++) {
    const at = `${path}/conv${i}`;
    y = weights[`${at}/weight`].shape.length === 3 ? depthwise(weights, at, y) : conv(weights, at, y, 1);
    y = norm(weights, `${path}/norm${i}`, y);
    if (i < last) y = rectified(y);
  }
  return y;
}

function blocks(weights: Weights, stage: string, [x1, x2]: Streams): Streams {
  for (let i = 1; `${stage}/block${i}/f/conv1/weight` in weights; i++) {
    x1 = zip(x1, residual(weights, `${stage}/block${i}/f`, x2));
    x2 = zip(x2, residual(weights, `${stage}/block${i}/g`, x1));
  }
  return [x1, x2];
}

/** Moves the place (2 t + a, 2 f + b, c) to (t, f, (2 a + b) channels + c). */
function squeezed(x: Plane): Plane {
  const [time, frequency] = x.size.map((size) => size / 2);
  const data = new Float64Array(x.data.length);
  x.data.forEach((value, i) => {
    const [c, f, t] = [i % x.channels, Math.floor(i / x.channels) % x.size[1], Math.floor(i / x.channels / x.size[1])];
    const place = Math.floor(t / 2) * frequency + Math.floor(f / 2);
    data[(place * 4 + (t % 2) * 2 + (f % 2)) * x.channels + c] = value;
  });
  return { size: [time, frequency], channels: 4 * x.channels, data };
}

/** Means of the four places that a squeeze puts into one. */
function squareMeans(x: Plane): Plane {
  const { size, data } = squeezed(x);
  const means = Float64Array.from({ length: data.length / 4 }, (_, i) => {
    const [place, c] = [Math.floor(i / x.channels), i % x.channels];
    return [0, 1, 2, 3].reduce((sum, k) => sum + data[(place * 4 + k) * x.channels + c] / 4, 0);
  });
  return { size, channels: x.channels, data: means };
}

function transition(weights: Weights, path: string, x: Plane, stage: number): Plane {
  const pointwise = weights[`${path}/conv/weight`].shape[0] === 1;
  const y = pointwise
    ? conv(weights, `${path}/conv`, stage === 1 ? x : squareMeans(x), 1)
    : conv(weights, `${path}/conv`, x, 2);
  const normed = norm(weights, `${path}/norm`, y);
  // The DF-ResNet's strided convolutions are not rectified; its functions have a depth-wise convolution.
  return weights['stage1/block1/f/conv2/weight'].shape.length === 3 ? normed : rectified(normed);
}

/** Mean and standard deviation over time of every row and channel, and the linear layer. */
function embedding(weights: Weights, { size: [time, rows], channels, data }: Plane): Float64Array {
  const count = rows * channels;
  const columns = Array.from({ length: count }, (_, i) => Array.from({ length: time }, (_, t) => data[t * count + i]));
  const means = columns.map((column) => column.reduce((sum, value) => sum + value, 0) / time);
  const deviations = columns.map((column, i) =>
    Math.sqrt(column.reduce((sum, value) => sum + (value - means[i]) ** 2, 0) / (time - 1) + 1e-7),
  );
  const [matrix, offset] = [numbers(weights, 'embedding/weight'), numbers(weights, 'embedding/bias')];
  const vector = Float64Array.from(offset);
  [...means, ...deviations].forEach((value, i) => {
    for (let o = 0; o < vector.length; o++) vector[o] += value * matrix[i * vector.length + o];
  });
  return vector;
}

/**
 * The embedding of one utterance by a reversible network with statistics pooling, in inference, by plain loops in float64. Time and
 * frequency are multiples of eight. The kind of network shows in its weights' names.
 */
export function naiveReversible(weights: Weights, features: Float32Array, size: [number, number]): Float64Array {
  const image: Plane = { size, channels: 1, data: Float64Array.from(features) };
  const full = 'exit/norm/scale' in weights;
  let streams = [1, 2].map((i) =>
    rectified(norm(weights, `stream${i}/stem-norm`, conv(weights, `stream${i}/stem`, image, 1))),
  ) as Streams;
  for (let stage = 1; stage <= 4; stage++) {
    const path = (i: number) => `stage${stage}/transition/stream${i + 1}`;
    if (full && stage > 1) streams = streams.map(squeezed) as Streams;
    else if (`${path(0)}/conv/weight` in weights)
      streams = streams.map((x, i) => transition(weights, path(i), x, stage)) as Streams;
    streams = blocks(weights, `stage${stage}`, streams);
  }
  const merged = full ? streams.map((x, i) => conv(weights, `exit/stream${i + 1}`, x, 1)) : streams;
  const sum = zip(merged[0], merged[1]);
  return embedding(weights, rectified(full ? norm(weights, 'exit/norm', sum) : sum));
}
