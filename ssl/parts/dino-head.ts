import {
  denseLayer,
  gelu,
  projectionHead,
  type Scope,
  type Tensor,
  tf,
  truncatedNormal,
  unit,
} from '../../src/index.js';

/** Sizes of a head. */
export interface DinoHeadOptions {
  hiddenSize: number;
  bottleneckSize: number;
  prototypes: number;
  /** Outputs of one more linear layer in front of the bottleneck, as RDINO has it. */
  tapSize?: number;
}

/** First values of every weight. */
export const headInitial = truncatedNormal(0.02);

/**
 * DINO's 3-layer head (Caron et al. 2021): two hidden layers with batch normalisation and GELU, a linear bottleneck of unit length,
 * and a weight-normalised last layer whose gain is fixed at 1, so that outputs are cosines to `prototypes` directions.
 */
export function dinoHead(scope: Scope, inputs: number, options: DinoHeadOptions) {
  const { hiddenSize, bottleneckSize, prototypes, tapSize } = options;
  const sizes = [hiddenSize, hiddenSize, tapSize ?? bottleneckSize];
  const hidden = projectionHead(scope, { inputs, sizes, activation: gelu, initial: headInitial });
  const narrow = tapSize
    ? denseLayer(scope.child('bottleneck'), { inputs: tapSize, outputs: bottleneckSize, initial: headInitial })
    : (x: Tensor) => x;
  const lastLayer = scope.param('last-layer', [bottleneckSize, prototypes], headInitial);
  return {
    lastLayer,
    /** Embeddings [rows, inputs] to outputs [rows, prototypes]; `tap` [rows, tapSize ?? bottleneckSize] is what the bottleneck sees. */
    project(embeddings: Tensor): { tap: Tensor; outputs: Tensor } {
      const tap = hidden(embeddings);
      return { tap, outputs: tf.matMul(unit(narrow(tap), 1), unit(lastLayer.read(), 0)) };
    },
  };
}
