import type { Tensor } from '../../engine/tf.js';
import { UserError } from '../../errors.js';
import type { Backbone } from '../backbone.js';
import type { Pass } from '../pass.js';
import { bothMoments, timeMoments } from '../pooling.js';

/** The name under which a network's input counts as a layer. */
export const FEATURES = 'features';

/** What a network gives for a batch: its embedding [batch, embeddingSize], and moments of some of its layers, by name. */
export interface WithMoments {
  embedding: Tensor;
  moments: ReadonlyMap<string, Tensor>;
}

/**
 * Runs a network on features [batch, frames, bins] and takes the moments over time of the layers named: mean, then deviation of every
 * channel, [batch, 2 x size]; of the features, whose mean over time was subtracted, the deviation alone, [batch, bins].
 */
export function embedWithMoments(
  { embed }: Backbone,
  features: Tensor,
  pass: Pass,
  layers: ReadonlySet<string>,
): WithMoments {
  const moments = new Map<string, Tensor>();
  if (layers.has(FEATURES)) moments.set(FEATURES, timeMoments(features, pass).deviation);
  const embedding = embed(features, {
    ...pass,
    tap(layer, output, at = pass) {
      if (layers.has(layer)) moments.set(layer, bothMoments(timeMoments(output, at)));
      pass.tap?.(layer, output, at);
    },
  });
  return { embedding, moments };
}

/**
 * How many moments a layer has. @throws UserError for a layer that the network does not have, and for one with a single vector for the
 * utterance
 */
export function momentCount({ layers = {} }: Backbone, bins: number, name: string): number {
  if (name === FEATURES) return bins;
  const layer = layers[name];
  if (layer?.of === 'frames') return 2 * layer.size;
  const known = [FEATURES].concat(Object.keys(layers).filter((other) => layers[other].of === 'frames')).join(', ');
  throw new UserError(
    layer
      ? `layers: '${name}' has one vector for the utterance, and moments are taken over frames. Give some of: ${known}.`
      : `layers: the network has no layer '${name}'; known: ${known}.`,
  );
}
