import { builtIns } from '../../../src/builtins.js';
import type { PoolingLayer } from '../../../src/nn/pooling.js';
import type { Scope } from '../../../src/nn/scope.js';
import { createRegistry } from '../../../src/pipeline/registry/registry.js';
import { choosePlugin } from '../../../src/plugin/choose-plugin.js';

const registry = createRegistry(builtIns);

/** A built-in pooling with options written as in a config, as a function that builds it over `channels`. */
export async function poolingOf(name: string, overrides: Record<string, unknown> = {}) {
  const { options } = await choosePlugin(registry, 'pooling', name, overrides);
  const plugin = await registry.load('pooling', name);
  return (scope: Scope, channels: number): PoolingLayer => plugin.build({ scope, channels, options });
}
