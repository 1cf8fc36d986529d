import { UserError } from '../../errors.js';
import type { Backbone, TappedLayer } from '../../nn/backbone.js';
import { countingScope } from '../../nn/counting-scope.js';
import type { Scope } from '../../nn/scope.js';
import { didYouMeanOrKnown } from '../../plugin/suggest.js';

/** A network with what it is called in messages, and its layers. */
export interface Layered {
  name: string;
  layers: Readonly<Record<string, TappedLayer>>;
}

/** The layers of a network, without its weights. */
export const layered = (name: string, build: (scope: Scope) => Backbone): Layered => ({
  name,
  layers: build(countingScope().scope).layers ?? {},
});

/** A layer that `option` names. @throws UserError, with the nearest names, where the network has none of that name */
export function layerOf({ name, layers }: Layered, layer: string, option: string): TappedLayer {
  const found = layers[layer];
  if (found) return found;
  throw new UserError(`${option}: ${name} has no layer '${layer}'${didYouMeanOrKnown(layer, Object.keys(layers))}.`);
}
