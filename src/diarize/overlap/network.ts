import { relu } from '../../engine/ops/activations.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { batchNormLayer } from '../../nn/batch-norm.js';
import { timeConvLayer } from '../../nn/conv.js';
import type { Pass } from '../../nn/pass.js';
import type { Scope } from '../../nn/scope.js';
import { CONTEXTS, layerName } from './layers.js';

/** The network to train, with its layers' normalisations as the affine maps that they are afterwards. */
export interface OverlapNetwork {
  /** Log odds that two people speak at once. [batch, frames, bins] -> [batch, frames] */
  odds(features: Tensor, pass: Pass): Tensor;
  /** Of each layer: what it does to the rectified values, [width]. */
  folded(): { scale: Tensor; offset: Tensor }[];
}

/** Builds the network at a scope. */
export function overlapNetwork(scope: Scope, { bins, width }: { bins: number; width: number }): OverlapNetwork {
  const layers = CONTEXTS.map(({ kernel, dilation }, i) => {
    const at = scope.child(layerName(i));
    const inputs = i === 0 ? bins : width;
    const conv = timeConvLayer(at, { inputs, outputs: width, kernel, dilation, bias: true });
    return { conv, norm: batchNormLayer(at.child('norm'), width) };
  });
  const last = timeConvLayer(scope.child('last'), { inputs: width, outputs: 1, kernel: 1, bias: true });
  return {
    odds(features, pass) {
      const heard = layers.reduce((x, { conv, norm }) => norm(relu(conv(x)), pass), features);
      return tf.squeeze(last(heard), [2]);
    },
    folded: () => layers.map(({ norm }) => norm.folded()),
  };
}
