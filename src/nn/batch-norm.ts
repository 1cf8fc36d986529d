import { batchNormInference, batchNormTrain, foldBatchNorm } from '../engine/ops/batch-norm.js';
import { type Tensor, tf } from '../engine/tf.js';
import type { Variable } from '../engine/variable.js';
import type { Layer } from './layer.js';
import type { Pass } from './pass.js';
import type { Scope } from './scope.js';

/** Options of a batch-normalisation layer; the defaults are PyTorch's. */
export interface BatchNormOptions {
  /** Share of the new batch in the running statistics. Default 0.1. */
  momentum?: number;
  epsilon?: number;
  /** Learned scale and offset. Default true. */
  affine?: boolean;
  /** First value of the learned scale. Default 1; small at the end of a residual function, it starts near the identity. */
  initialScale?: number;
}

/** A batch normalisation layer that also gives the affine map it computes in inference. */
export interface BatchNorm extends Layer {
  /** The affine map by the running statistics, scale * x + offset, each [channels]. */
  folded(): { scale: Tensor; offset: Tensor };
}

/**
 * Batch normalisation over the last axis of a tensor of any rank (Ioffe and Szegedy, "Batch Normalization: Accelerating Deep
 * Network Training by Reducing Internal Covariate Shift", 2015, arXiv:1502.03167). In training it uses the batch's statistics and
 * updates the running ones, once even if the layer is computed again for the backward pass.
 */
export function batchNormLayer(scope: Scope, channels: number, options: BatchNormOptions = {}): BatchNorm {
  const { momentum = 0.1, epsilon = 1e-5, affine = true, initialScale = 1 } = options;
  const scale = affine ? scope.param('scale', [channels], initialScale) : undefined;
  const offset = affine ? scope.param('offset', [channels], 0) : undefined;
  const mean = scope.buffer('mean', [channels], 0);
  const variance = scope.buffer('variance', [channels], 1);

  const gamma = (): Tensor => scale?.read() ?? tf.ones([channels]);
  const beta = (): Tensor => offset?.read() ?? tf.zeros([channels]);

  const norm = (x: Tensor, pass: Pass): Tensor => {
    if (!pass.training) return batchNormInference(x, gamma(), beta(), mean.read(), variance.read(), epsilon);
    if (x.size / channels < 2)
      throw new Error(`${scope.path}: batch normalisation needs two values a channel, got [${x.shape}]`);
    const map = tf.reshape(x, x.rank === 4 ? x.shape : [-1, 1, 1, channels]);
    const result = batchNormTrain(map, gamma(), beta(), epsilon);
    blend(mean, result.mean, momentum);
    blend(variance, result.variance, momentum);
    return tf.reshape(result.y, x.shape);
  };
  return Object.assign(norm, {
    folded: () => foldBatchNorm(gamma(), beta(), mean.read(), variance.read(), epsilon),
  });
}

const blend = (running: Variable, batch: Tensor, share: number): void =>
  running.assign(tf.add(tf.mul(running.read(), 1 - share), tf.mul(batch, share)));
