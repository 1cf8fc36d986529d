import {
  batchNormLayer,
  type ConvLayer,
  checkpointedSum,
  convLayer,
  depthwiseConvLayer,
  type Layer,
  maskTime,
  normalisedConv,
  partScopes,
  relu,
  type Scope,
  stridedPass,
} from '../../index.js';

/** Sizes of a residual function. */
export interface ResidualShape {
  inputs: number;
  outputs: number;
  /** Of the first 3x3 convolution, in time and frequency. Default 1. */
  stride?: number;
  /** First value of the last normalisation's scale. Default 1. */
  lastScale?: number;
}

/** Two 3x3 convolutions: the function of a ResNet's basic block, without its shortcut. */
export function basicFunction(scope: Scope, { inputs, outputs, stride = 1, lastScale }: ResidualShape): Layer {
  const first = normalised(scope, 1, outputs, conv3x3(scope, 1, inputs, outputs, stride));
  const second = normalised(scope, 2, outputs, conv3x3(scope, 2, outputs, outputs), lastScale);
  return (x, pass) => {
    const behind = stridedPass(pass, stride);
    return second(relu(maskTime(first(x, pass), behind)), behind);
  };
}

/** 1x1, 3x3 and 1x1 convolution over `inner` channels: the function of a ResNet's bottleneck block. */
export function bottleneckFunction(scope: Scope, shape: ResidualShape & { inner: number }): Layer {
  const { inputs, inner, outputs, stride = 1, lastScale } = shape;
  const reduce = normalised(scope, 1, inner, conv1x1(scope, 1, inputs, inner));
  const middle = normalised(scope, 2, inner, conv3x3(scope, 2, inner, inner, stride));
  const expand = normalised(scope, 3, outputs, conv1x1(scope, 3, inner, outputs), lastScale);
  return (x, pass) => {
    const behind = stridedPass(pass, stride);
    return expand(relu(middle(relu(maskTime(reduce(x, pass), pass)), behind)), behind);
  };
}

/** Sizes of an inverted bottleneck. */
export interface InvertedShape {
  channels: number;
  inner: number;
  lastScale?: number;
  /**
   * Equal parts of the inner channels that are computed one after another, and again in the backward pass: the memory of one,
   * for the time of one more forward pass. Default 1: all at once, and kept.
   */
  branches?: number;
  /** The same sums with everything kept. */
  stored?: boolean;
}

/**
 * 1x1 convolution to `inner` channels, depth-wise 3x3, 1x1 back: the function of an inverted bottleneck, as in
 * DF-ResNet. Up to the last convolution an inner channel does not depend on the others.
 */
export function invertedFunction(
  scope: Scope,
  { channels, inner, lastScale, branches = 1, stored }: InvertedShape,
): Layer {
  const outputs = partScopes(scope, branches, -1);
  const inputs = partScopes(scope, branches, -2);
  const parts = outputs.map((part, i) => innerPart(part, inputs[i], channels, inner / branches));
  const sum = branches === 1 ? parts[0] : checkpointedSum(parts, { stored });
  const norm = batchNormLayer(scope.child('norm3'), channels, { initialScale: lastScale });
  return (x, pass) => norm(sum(x, pass), pass);
}

function innerPart(scope: Scope, lastScope: Scope, channels: number, inner: number): Layer {
  const expand = normalised(scope, 1, inner, conv1x1(scope, 1, channels, inner));
  const depthwise = normalised(scope, 2, inner, depthwiseConvLayer(scope.child('conv2'), inner));
  const project = conv1x1(lastScope, 3, inner, channels);
  return (x, pass) => project(relu(depthwise(relu(maskTime(expand(x, pass), pass)), pass)));
}

/** A convolution and the normalisation of the same number. Masks go in front of rectifiers, which keep their output anyway. */
function normalised(scope: Scope, number: number, channels: number, conv: ConvLayer, initialScale?: number): Layer {
  return normalisedConv(conv, batchNormLayer(scope.child(`norm${number}`), channels, { initialScale }));
}

const conv1x1 = (scope: Scope, number: number, inputs: number, outputs: number) =>
  convLayer(scope.child(`conv${number}`), { inputs, outputs, kernel: [1, 1] });

const conv3x3 = (scope: Scope, number: number, inputs: number, outputs: number, stride = 1) =>
  convLayer(scope.child(`conv${number}`), { inputs, outputs, kernel: [3, 3], stride: [stride, stride] });
