import { gelu } from '../../engine/ops/activations.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { timeConvLayer } from '../conv.js';
import { frameMask, type Pass } from '../pass.js';
import type { Scope } from '../scope.js';
import { layerNormLayer } from './layer-norm.js';
import { WAVE_FRAME, WAVE_SHIFT } from './wave-of-frames.js';

/** Kernels and strides of the seven convolutions: together they see 400 samples every 320. */
export const CONV_KERNELS = [10, 3, 3, 3, 3, 2, 2];
export const CONV_STRIDES = [5, 2, 2, 2, 2, 2, 2];

/** What differs between the convolutions of published encoders. */
export interface ConvShape {
  channels: number;
  /** `group`: the first layer's channels are normalised over time, each by itself; `layer`: every layer's frames over their channels. */
  norm: 'group' | 'layer';
  bias: boolean;
}

const EPSILON = 1e-5;

/** The convolutions from a waveform [batch, 320 frames + 80] to [batch, frames, channels]. */
export function convExtractor(scope: Scope, { channels, norm, bias }: ConvShape): (wave: Tensor, pass: Pass) => Tensor {
  const layers = CONV_KERNELS.map((kernel, i) => {
    const at = scope.child(`conv${i + 1}`);
    const sizes = { inputs: i === 0 ? 1 : channels, outputs: channels };
    const conv = timeConvLayer(at, { ...sizes, kernel, stride: CONV_STRIDES[i], bias, padding: 'valid' });
    const normAt = scope.child(`conv${i + 1}-norm`);
    if (norm === 'layer') {
      const normalise = layerNormLayer(normAt, channels);
      return (x: Tensor) => gelu(normalise(conv(x)));
    }
    const overTime = i === 0 ? channelNorm(normAt, channels) : undefined;
    return (x: Tensor, pass: Pass) => gelu(overTime ? overTime(conv(x), pass) : conv(x));
  });
  return (wave, pass) => layers.reduce((x, layer) => layer(x, pass), tf.expandDims(wave, 2) as Tensor);
}

/** Every channel of the first layer brought to mean 0 and variance 1 over the time that a row lasts. */
function channelNorm(scope: Scope, channels: number): (x: Tensor, pass: Pass) => Tensor {
  const scale = scope.param('scale', [channels], 1);
  const offset = scope.param('offset', [channels], 0);
  return (x, { lengths }) => {
    const time = x.shape[1]!;
    const valid = lengths && firstLayerLengths(lengths);
    const mask = valid && frameMask(valid, time, 3);
    const count = valid ? tf.reshape(tf.cast(valid, 'float32'), [-1, 1, 1]) : tf.scalar(time);
    const mean = (y: Tensor): Tensor => tf.div(tf.sum(mask ? tf.mul(y, mask) : y, 1, true), count);
    const centred = tf.sub(x, mean(x)) as Tensor;
    const variance = mean(tf.square(centred));
    return tf.add(tf.mul(tf.div(centred, tf.sqrt(tf.add(variance, EPSILON))), scale.read()), offset.read());
  };
}

/** Outputs of the first convolution within rows of so many frames. */
function firstLayerLengths(frames: Tensor): Tensor {
  const beyond = (WAVE_FRAME - WAVE_SHIFT - CONV_KERNELS[0]) / CONV_STRIDES[0] + 1;
  const each = tf.scalar(WAVE_SHIFT / CONV_STRIDES[0], 'int32');
  return tf.add(tf.mul(frames, each), tf.scalar(beyond, 'int32'));
}
