import {
  batchNormLayer,
  convLayer,
  denseLayer,
  type Layer,
  maskTime,
  normalisedConv,
  type PoolingLayer,
  relu,
  type Scope,
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
