import { relu } from '../engine/ops/activations.js';
import type { Tensor } from '../engine/tf.js';
import { batchNormLayer } from './batch-norm.js';
import { denseLayer } from './dense.js';
import type { Initializer, Scope } from './scope.js';

/** Options of a projection or prediction head. */
export interface ProjectionOptions {
  inputs: number;
  /** Outputs of each dense layer. Without any, the head is the identity. */
  sizes: readonly number[];
  /** Batch normalisation in front of every activation. Default true. */
  norm?: boolean;
  /** Batch normalisation behind the last layer, with a learned scale and offset ('affine') or without ('plain'). Default 'none'. */
  lastNorm?: 'none' | 'plain' | 'affine';
  /** Between the layers, not behind the last. Default relu. */
  activation?: (x: Tensor) => Tensor;
  initial?: Initializer;
}

/**
 * The multi-layer perceptron [rows, inputs] -> [rows, last size] that methods put behind the embedding in training. Its batch
 * normalisations use the batch's statistics: a head is discarded after training and never runs in inference. Dense layers have a
 * bias unless a normalisation follows, which would take it away again. Layers are named layer1, layer2, ...
 */
export function projectionHead(scope: Scope, options: ProjectionOptions): (x: Tensor) => Tensor {
  const { sizes, norm = true, lastNorm = 'none', activation = relu, initial } = options;
  const layers = sizes.map((outputs, i) => {
    const layer = scope.child(`layer${i + 1}`);
    const last = i === sizes.length - 1;
    const normed = last ? lastNorm !== 'none' : norm;
    const dense = denseLayer(layer, { inputs: i ? sizes[i - 1] : options.inputs, outputs, bias: !normed, initial });
    const affine = !last || lastNorm === 'affine';
    const normalise = normed ? batchNormLayer(layer.child('norm'), outputs, { affine }) : undefined;
    return (x: Tensor): Tensor => {
      const sums = dense(x);
      const y = normalise ? normalise(sums, { training: true }) : sums;
      return last ? y : activation(y);
    };
  });
  return (x) => layers.reduce((y, layer) => layer(y), x);
}
