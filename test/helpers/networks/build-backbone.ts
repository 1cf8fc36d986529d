import { builtIns } from '../../../src/builtins.js';
import type { Backbone } from '../../../src/nn/backbone.js';
import type { Scope } from '../../../src/nn/scope.js';
import { createRegistry } from '../../../src/pipeline/registry/registry.js';
import { choosePlugin } from '../../../src/plugin/choose-plugin.js';
import { backboneBuilder } from '../../../src/stages/training/resolve-plugins.js';

const registry = createRegistry(builtIns);

/** A built-in backbone with options written as in a config, as a function that builds it at a scope. */
export async function backboneOf(
  name: string,
  options: Record<string, unknown> = {},
  bins = 80,
): Promise<(scope: Scope) => Backbone> {
  return backboneBuilder(registry, await choosePlugin(registry, 'backbone', name, options), bins);
}
