import { relu } from '../../../src/engine/ops/activations.js';
import { random } from '../../../src/engine/random.js';
import { tf } from '../../../src/engine/tf.js';
import { batchNormLayer } from '../../../src/nn/batch-norm.js';
import { convLayer } from '../../../src/nn/conv.js';
import type { Layer } from '../../../src/nn/layer.js';
import type { Scope } from '../../../src/nn/scope.js';

/** A 3x3 convolution, batch normalisation, rectifier and another convolution of a tenth of the strength: keeps the shape. */
export function smallBlock(scope: Scope, channels: number): Layer {
  const conv1 = convLayer(scope.child('conv1'), { inputs: channels, outputs: channels, kernel: [3, 3] });
  const norm = batchNormLayer(scope.child('norm'), channels);
  const conv2 = convLayer(scope.child('conv2'), { inputs: channels, outputs: channels, kernel: [3, 3] });
  return (x, pass) => tf.mul(conv2(relu(norm(conv1(x), pass))), 0.1);
}

/** The block with its input drowned in noise, drawn under the scope's name. */
export function noisyBlock(scope: Scope, channels: number): Layer {
  const block = smallBlock(scope, channels);
  return (x, pass) => block(tf.add(x, random.normal(x.shape, scope.path)), pass);
}
