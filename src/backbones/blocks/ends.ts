import {
  batchNormLayer,
  convLayer,
  denseLayer,
  type Layer,
  maskTime,
  normalisedConv,
  type Pass,
  type PoolingLayer,
  relu,
  type Scope,
  type Tensor,
  tf,
} from '../../index.js';

/** Everything a network over time and frequency is built from. */
export interface MapContext {
  scope: Scope;
  bins: number;
  options: { width: number; embeddingSize: number; checkpointing: boolean | number };
  pooling(scope: Scope, channels: number): PoolingLayer;
}

/** The first layer: features [batch, time, bins] -> [batch, time, bins, channels]. */
export function stemLayer(scope: Scope, channels: number): Layer {
  const conv = convLayer(scope.child('stem'), { inputs: 1, outputs: channels, kernel: [3, 3] });
  const stem = normalisedConv(conv, batchNormLayer(scope.child('stem-norm'), channels));
  return (features, pass) => relu(maskTime(stem(tf.expandDims(features, 3), pass), pass));
}

/** The last layers: pooling over time of every channel in every row, and a linear embedding. */
export function headLayer({ scope, options, pooling }: MapContext, rows: number, channels: number): Layer {
  const { size, pool } = pooling(scope.child('pooling'), rows * channels);
  const embedding = denseLayer(scope.child('embedding'), { inputs: size, outputs: options.embeddingSize });
  return (x, pass) => embedding(pool(tf.reshape(x, [x.shape[0], x.shape[1]!, rows * channels]), pass));
}

/** The last layers over time of small networks: pooling, normalised over the batch, and a linear embedding; `at` is the pass of the frames. */
export function normalisedHead(
  { scope, pooling }: Pick<MapContext, 'scope' | 'pooling'>,
  { inputs, outputs }: { inputs: number; outputs: number },
): (x: Tensor, at: Pass, pass: Pass) => Tensor {
  const { size, pool } = pooling(scope.child('pooling'), inputs);
  const norm = batchNormLayer(scope.child('pooling-norm'), size);
  const embedding = denseLayer(scope.child('embedding'), { inputs: size, outputs });
  return (x, at, pass) => embedding(norm(pool(x, at), pass));
}
