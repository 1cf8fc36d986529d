import { biasAdd } from '../engine/ops/bias-add.js';
import { conv2d } from '../engine/ops/conv2d.js';
import { depthwiseConv2d } from '../engine/ops/depthwise-conv2d.js';
import type { ConvGeometry } from '../engine/ops/plain-conv2d.js';
import { type Tensor, tf } from '../engine/tf.js';
import type { Variable } from '../engine/variable.js';
import { heNormal } from './initializers.js';
import type { Initializer, Scope } from './scope.js';

/** Sizes of a convolution; pairs are [time, frequency]. "Same" padding unless `pad` says otherwise. */
export interface ConvOptions extends ConvGeometry {
  inputs: number;
  outputs: number;
  kernel: [number, number];
  /** Default false: batch normalisation follows. */
  bias?: boolean;
  initial?: Initializer;
}

/** A convolution layer that can absorb an affine map of its output channels. */
export interface ConvLayer {
  (x: Tensor): Tensor;
  /** scale * (the convolution of x) + offset, each [outputs], by scaled weights: as fast as the convolution alone. */
  affine(x: Tensor, scale: Tensor, offset: Tensor): Tensor;
}

/** A 2-D convolution layer over [batch, time, frequency, channels]. */
export function convLayer(scope: Scope, options: ConvOptions): ConvLayer {
  const { inputs, outputs, kernel, bias = false, initial = heNormal, stride, dilation = [1, 1] } = options;
  const weight = scope.param('weight', [...kernel, inputs, outputs], initial);
  const offset = bias ? scope.param('bias', [outputs], 0) : undefined;
  const same = kernel.map((size, i) => Math.floor((dilation[i] * (size - 1)) / 2)) as [number, number];
  const geometry: ConvGeometry = { stride, dilation, pad: options.pad ?? same };
  return layerOf(weight, offset, (x, weights) => conv2d(x, weights, geometry));
}

/** A 3x3 convolution of each channel by itself over [batch, time, frequency, channels]; "same" padding, stride 1, no bias. */
export function depthwiseConvLayer(scope: Scope, channels: number): ConvLayer {
  return layerOf(scope.param('weight', [3, 3, channels], heNormal), undefined, depthwiseConv2d);
}

function layerOf(
  weight: Variable,
  offset: Variable | undefined,
  convolve: (x: Tensor, weights: Tensor) => Tensor,
): ConvLayer {
  const layer = (x: Tensor): Tensor => {
    const y = convolve(x, weight.read());
    return offset ? tf.add(y, offset.read()) : y;
  };
  return Object.assign(layer, {
    affine(x: Tensor, scale: Tensor, shift: Tensor) {
      const total: Tensor = offset ? tf.add(tf.mul(offset.read(), scale), shift) : shift;
      return biasAdd(convolve(x, tf.mul(weight.read(), scale)), total);
    },
  });
}

/** Sizes of a convolution over time. */
export interface TimeConvOptions {
  inputs: number;
  outputs: number;
  kernel: number;
  dilation?: number;
  stride?: number;
  bias?: boolean;
  /** 'same' (default) adds zeros at both ends, 'valid' adds none: dilation (kernel - 1) frames fewer come out. */
  padding?: 'same' | 'valid';
}

/** A 1-D convolution over time, [batch, time, inputs] -> [batch, time / stride, outputs]. */
export function timeConvLayer(scope: Scope, options: TimeConvOptions): ConvLayer {
  const { kernel, dilation = 1, stride = 1, padding = 'same', ...rest } = options;
  const pad: [number, number] | undefined = padding === 'valid' ? [0, 0] : undefined;
  return overTime(
    convLayer(scope, { ...rest, kernel: [1, kernel], dilation: [1, dilation], stride: [1, stride], pad }),
  );
}

/** Sizes of a convolution over time of each channel by itself. */
export interface DepthwiseTimeConvOptions {
  channels: number;
  /** Odd. */
  kernel: number;
  dilation?: number;
}

/** A convolution over time of each channel by itself, [batch, time, channels]; "same" padding, no bias. */
export function depthwiseTimeConvLayer(scope: Scope, options: DepthwiseTimeConvOptions): ConvLayer {
  const { channels, kernel, dilation = 1 } = options;
  const weight = scope.param('weight', [1, kernel, channels], heNormal);
  return overTime(layerOf(weight, undefined, (x, weights) => depthwiseConv2d(x, weights, [1, dilation])));
}

/** A layer of maps of one row, over [batch, time, channels]. */
function overTime(layer: ConvLayer): ConvLayer {
  const row = (x: Tensor) => tf.expandDims(x, 1);
  const inRow = (x: Tensor): Tensor => tf.squeeze(layer(row(x)), [1]);
  return Object.assign(inRow, {
    affine: (x: Tensor, scale: Tensor, shift: Tensor): Tensor => tf.squeeze(layer.affine(row(x), scale, shift), [1]),
  });
}
