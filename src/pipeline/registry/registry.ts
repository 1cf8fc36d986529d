import { UserError } from '../../errors.js';
import type { PluginKinds } from '../../plugin/kinds.js';
import { type AnyPlugin, type Kind, kinds, type Origin, type Registry } from '../../plugin/plugin.js';
import { didYouMeanOrKnown } from '../../plugin/suggest.js';

/** A built-in plugin that is not imported yet. */
export interface BuiltIn {
  kind: Kind;
  name: string;
  /** Imports the file, whose default export is the plugin or a list with it: a family. */
  load: () => Promise<{ default: AnyPlugin | readonly AnyPlugin[] }>;
}

/** A registry that user plugins can still be added to. */
export interface OpenRegistry extends Registry {
  /** Throws a UserError when the name is taken. */
  add(plugin: AnyPlugin, file: string, digest: string): void;
}

interface Entry {
  origin: Origin;
  load: () => Promise<AnyPlugin>;
}

/** A registry of these built-in plugins; each is imported when it is first asked for. */
export function createRegistry(builtIns: readonly BuiltIn[]): OpenRegistry {
  const byKind = Object.fromEntries(kinds.map((kind) => [kind, new Map<string, Entry>()])) as Record<
    Kind,
    Map<string, Entry>
  >;
  for (const builtIn of builtIns) {
    byKind[builtIn.kind].set(builtIn.name, { origin: { file: null, digest: null }, load: () => loadBuiltIn(builtIn) });
  }
  const entry = (kind: Kind, name: string): Entry => {
    const known = byKind[kind].get(name);
    if (known) return known;
    throw new UserError(`There is no ${kind} plugin '${name}'${didYouMeanOrKnown(name, [...byKind[kind].keys()])}`);
  };
  return {
    names: (kind) => [...byKind[kind].keys()],
    load: async <K extends Kind>(kind: K, name: string) => (await entry(kind, name).load()) as PluginKinds[K],
    origin: (kind, name) => entry(kind, name).origin,
    add(plugin, file, digest) {
      const taken = byKind[plugin.kind].get(plugin.name);
      if (taken) throw new UserError(nameClash(plugin, file, taken.origin));
      byKind[plugin.kind].set(plugin.name, { origin: { file, digest }, load: async () => plugin });
    },
  };
}

async function loadBuiltIn({ kind, name, load }: BuiltIn): Promise<AnyPlugin> {
  const family = [(await load()).default].flat();
  const plugin = family.find((member) => member.kind === kind && member.name === name);
  if (plugin) return plugin;
  const defined = family.map((member) => `${member.kind} '${member.name}'`).join(', ');
  throw new Error(`src/builtins.ts lists ${kind} '${name}', but its file defines ${defined}`);
}

function nameClash({ kind, name }: AnyPlugin, file: string, taken: Origin): string {
  const owner = taken.file === null ? 'a built-in plugin' : `the plugin in ${taken.file}`;
  return `${file}: the ${kind} name '${name}' is taken by ${owner}. Give yours another name.`;
}
