import { UserError } from '../errors.js';
import { faultsOf } from './faults.js';
import { withOptionScope } from './option-scope.js';
import type { PluginChoice } from './options.js';
import type { Kind, Registry } from './plugin.js';
import { keysAt } from './schema-keys.js';

/**
 * A plugin with options parsed by its own schema, outside a config: what a command or a model file names. `given` holds the
 * options as they are written in a config; `place` is what they are called in messages. Throws a UserError that lists every
 * fault with the nearest valid name.
 */
export async function choosePlugin<K extends Kind>(
  registry: Registry,
  kind: K,
  name: string,
  given: Record<string, unknown> = {},
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
  const parsed = await withOptionScope(scope, () => plugin.options.safeParseAsync(given));
  if (parsed.success) return { kind, name, options: parsed.data };
  const naming = {
    place,
    path: [],
    value: given,
    keysAt: (path: readonly PropertyKey[]) => keysAt(plugin.options, path),
  };
  const faults = faultsOf(parsed.error.issues, naming).map(({ message }) => message);
  throw new UserError(`${place}: ${faults.join('; ')}`);
}
