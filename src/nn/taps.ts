import type { Tensor } from '../engine/tf.js';
import type { Backbone, TappedLayer } from './backbone.js';
import type { Pass } from './pass.js';
import type { PoolingLayer } from './pooling.js';
import type { Scope } from './scope.js';

type BuildPooling = (scope: Scope, channels: number) => PoolingLayer;

/**
 * A backbone that hands out three layers beside its own, whichever it is: `frames`, what is pooled; `pooled`; and `embedding`, what it
 * returns. A network without a pooling layer has the last only.
 */
export function tappedBackbone(pooling: BuildPooling, build: (pooling: BuildPooling) => Backbone): Backbone {
  const ends: Record<string, TappedLayer> = {};
  const backbone = build((scope, channels) => {
    const { size, pool } = pooling(scope, channels);
    ends.frames = { size: channels, of: 'frames' };
    ends.pooled = { size, of: 'utterance' };
    return {
      size,
      pool(frames, pass) {
        pass.tap?.('frames', frames, pass);
        const pooled = pool(frames, pass);
        pass.tap?.('pooled', pooled);
        return pooled;
      },
    };
  });
  const { embeddingSize, embed } = backbone;
  return {
    ...backbone,
    layers: { ...backbone.layers, ...ends, embedding: { size: embeddingSize, of: 'utterance' } },
    embed(features, pass) {
      const embedding = embed(features, pass);
      pass.tap?.('embedding', embedding);
      return embedding;
    },
  };
}

/** Outputs of a network's layers, by name. */
export type LayerOutputs = ReadonlyMap<string, Tensor>;

/** Runs a network on features [batch, frames, bins] and collects what it hands out; `embedding` is there in any case. */
export function layerOutputs({ embed }: Backbone, features: Tensor, pass: Omit<Pass, 'tap'>): LayerOutputs {
  const outputs = new Map<string, Tensor>();
  const embedding = embed(features, { ...pass, tap: (layer, output) => void outputs.set(layer, output) });
  return outputs.set('embedding', embedding);
}
