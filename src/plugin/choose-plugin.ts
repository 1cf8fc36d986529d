import { UserError } from '../errors.js';
import { faultsOf } from './faults.js';
import { withOptionScope } from './option-scope.js';
import type { PluginChoice } from './options.js';
import type { Kind, Registry } from './plugin.js';
import { keysAt } from './schema-keys.js';

/**
 * Chooses a plugin outside a config, for a command or a model file, and parses its options (written as in a config) by its own
 * schema; messages call them `place`. @throws UserError that lists every fault with the nearest valid name
 */
export async function choosePlugin<K extends Kind>(
  registry: Registry,
  kind: K,
  name: string,
  options: Record<string, unknown> = {},
  place = `${kind} '${name}'`,
): Promise<PluginChoice<K>> {
  const plugin = await registry.load(kind, name);
  const scope = {
    registry,
    earlier: new Map(),
    later: new Set<string>(),
    references: new Set<string>(),
    uses: new Map(),
  };
  const parsed = await withOptionScope(scope, () => plugin.options.safeParseAsync(options));
  if (parsed.success) return { kind, name, options: parsed.data };
  const naming = {
    place,
    path: [],
    value: options,
    keysAt: (path: readonly PropertyKey[]) => keysAt(plugin.options, path),
  };
  const faults = faultsOf(parsed.error.issues, naming).map(({ message }) => message);
  throw new UserError(`${place}: ${faults.join('; ')}`);
}
