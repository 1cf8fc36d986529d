import { gelu } from '../../engine/ops/activations.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { Scope } from '../scope.js';
import { type AttentionContext, selfAttention } from './attention.js';
import { frameDense } from './frame-dense.js';
import { layerNormLayer } from './layer-norm.js';

/** Sizes of a transformer layer. */
export interface TransformerShape {
  width: number;
  heads: number;
  feedForward: number;
  /** Normalise what goes into attention and feed-forward part; else their sums with it. */
  normFirst: boolean;
  /** Attention gates the numbers of distances. */
  gated: boolean;
}

/** One layer over frames [batch, time, width]. */
export type TransformerLayer = (x: Tensor, context: AttentionContext) => Tensor;

/**
 * A transformer layer. An adapter of so many units (N. Houlsby et al., "Parameter-Efficient Transfer Learning for NLP", 2019, arXiv:1902.00751)
 * stands behind the feed-forward part; it starts as nothing, and is built at `adapterScope`, apart from the layer's own weights.
 */
export function transformerLayer(
  scope: Scope,
  { width, heads, feedForward, normFirst, gated }: TransformerShape,
  { adapterScope, units }: { adapterScope: Scope; units: number },
): TransformerLayer {
  const attention = selfAttention(scope.child('attention'), { width, heads, gated });
  const attentionNorm = layerNormLayer(scope.child('attention-norm'), width);
  const inner = frameDense(scope.child('inner'), { inputs: width, outputs: feedForward });
  const outer = frameDense(scope.child('outer'), { inputs: feedForward, outputs: width });
  const outerNorm = layerNormLayer(scope.child('outer-norm'), width);
  const adapt = units > 0 ? adapter(adapterScope, width, units) : (x: Tensor) => x;
  const forward = (x: Tensor) => adapt(outer(gelu(inner(x))));
  if (normFirst)
    return (x, context) => {
      const heard = tf.add(x, attention(attentionNorm(x), context)) as Tensor;
      return tf.add(heard, forward(outerNorm(heard)));
    };
  return (x, context) => {
    const heard = attentionNorm(tf.add(x, attention(x, context)));
    return outerNorm(tf.add(heard, forward(heard)));
  };
}

/** A narrow layer beside the identity. */
function adapter(scope: Scope, width: number, units: number): (x: Tensor) => Tensor {
  const down = frameDense(scope.child('down'), { inputs: width, outputs: units });
  const up = frameDense(scope.child('up'), {
    inputs: units,
    outputs: width,
    initial: (shape) => new Float32Array(shape[0] * shape[1]),
  });
  return (x) => tf.add(x, up(tf.relu(down(x)) as Tensor));
}
