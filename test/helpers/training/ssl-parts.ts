import type { Session } from '../../../src/engine/session/session.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import type { Backbone } from '../../../src/nn/backbone.js';
import { createScope, type Scope } from '../../../src/nn/scope.js';
import type { SslContext } from '../../../src/train/step/ssl-method.js';

/** The context that a method builds with, as a pretrainer hands it out. */
export function sslContext(session: Session, seed: number, backbone: (scope: Scope) => Backbone, bins = 1) {
  const scope = (name: string, like = name) => createScope(session, `ssl/${name}`, `${seed}/${like}`);
  const context: Omit<SslContext<never>, 'options'> = {
    scope,
    bins,
    backbone(name) {
      const backboneScope = scope(`${name}/backbone`, 'backbone');
      return { scope: backboneScope, ...backbone(backboneScope) };
    },
  };
  return context;
}

/** A network without weights: the features are the embedding. */
export const identityBackbone = (embeddingSize: number) => (): Backbone => ({
  embeddingSize,
  embed: (features: Tensor) => tf.reshape(features, [features.shape[0], embeddingSize]),
});
