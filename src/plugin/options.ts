import { z } from 'zod';
import { type OptionScope, optionScope } from './option-scope.js';
import type { Kind, Registry } from './plugin.js';
import { keysAt } from './schema-keys.js';
import { didYouMeanOrKnown } from './suggest.js';

/** A plugin chosen in a config, with its options parsed by its own schema. */
export interface PluginChoice<K extends Kind = Kind> {
  kind: K;
  name: string;
  options: unknown;
}

/** A plugin as written in a config: `dino`, or `{name: dino, prototypes: 1024}`. */
export type PluginChoiceInput = string | { name: string; [option: string]: unknown };

const choices = new WeakSet<object>();

/** True for a value that came from a `pluginChoice` field. */
export function isPluginChoice(value: unknown): value is PluginChoice {
  return typeof value === 'object' && value !== null && choices.has(value);
}

/**
 * Parsed options in the form of a config or a model file: a chosen plugin becomes a map with its options beside its name.
 */
export function asWritten(value: unknown): unknown {
  if (isPluginChoice(value)) return { name: value.name, ...(asWritten(value.options) as object) };
  if (Array.isArray(value)) return value.map(asWritten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asWritten(item)]));
}

/** The type of what a stage makes that there is none of: references to it are no faults of their own. */
export const UNKNOWN_TYPE = 'unknown';

/**
 * An option that names the artifact of an earlier stage. `types` are the kinds of artifact that it accepts (a stage's
 * `produces`, else its name); none means any.
 */
export function artifact(...types: string[]) {
  const check = (name: string, context: z.RefinementCtx<string>) => {
    const scope = optionScope();
    const fault = scope && artifactFault(name, types, scope);
    if (fault) context.addIssue({ code: 'custom', message: fault });
    scope?.references.add(name);
  };
  return z.string().superRefine(check).meta({ artifact: types });
}

function artifactFault(name: string, types: string[], { earlier, later }: OptionScope): string | undefined {
  const fits = (type: string) => types.length === 0 || type === UNKNOWN_TYPE || types.includes(type);
  const type = earlier.get(name);
  if (type !== undefined)
    return fits(type) ? undefined : `must name a '${types.join("' or '")}', but '${name}' is a '${type}'`;
  if (later.has(name)) return `names '${name}', which is not made before this stage`;
  const fitting = [...earlier].filter(([, type]) => fits(type)).map(([earlierName]) => earlierName);
  return `names '${name}', but no earlier stage makes it${didYouMeanOrKnown(name, fitting)}`;
}

/**
 * An option that chooses a plugin of a kind, validated by that plugin's own schema; error paths lead to the offending key.
 * `fallback` is used when none is named. Such a schema parses asynchronously only, in a config or by `choosePlugin`.
 */
export function pluginChoice<K extends Kind>(
  kind: K,
  fallback?: PluginChoiceInput,
): z.ZodType<PluginChoice<K>, PluginChoiceInput | undefined> {
  const choice = z
    .custom<PluginChoiceInput>()
    .transform(async (input, context): Promise<PluginChoice<K>> => {
      const registry = optionScope()?.registry;
      if (registry === undefined)
        throw new Error(`a pluginChoice('${kind}') can be parsed in a config or by choosePlugin only`);
      const { choice, issues } = await choose(kind, withName(input, fallback), registry);
      context.issues.push(...issues);
      return choice ?? z.NEVER;
    })
    .meta({ plugin: kind });
  return fallback === undefined ? choice : choice.prefault(fallback);
}

// Options alone are options of the fallback.
function withName(input: unknown, fallback: PluginChoiceInput | undefined): unknown {
  if (fallback === undefined || !isMap(input) || 'name' in input) return input;
  return { ...(typeof fallback === 'string' ? { name: fallback } : fallback), ...input };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Issue = z.core.$ZodRawIssue;

async function choose<K extends Kind>(kind: K, input: unknown, registry: Registry) {
  const fault = (message: string, path: PropertyKey[] = []) => ({
    choice: undefined,
    issues: [{ code: 'custom', message, path, input } satisfies Issue],
  });
  if (input === undefined) return fault('is missing');
  const written = typeof input === 'string' ? { name: input } : input;
  if (!isMap(written)) {
    return fault(`must be the name of a plugin of kind '${kind}', or a map with 'name' and its options`);
  }
  const { name, ...options } = written;
  if (typeof name !== 'string') {
    return fault(`needs a 'name': a plugin of kind '${kind}'${didYouMeanOrKnown('', registry.names(kind))}`);
  }
  const names = registry.names(kind);
  if (!names.includes(name)) {
    const path = typeof input === 'string' ? [] : ['name'];
    return fault(
      `names '${name}', but no plugin of kind '${kind}' has that name${didYouMeanOrKnown(name, names)}`,
      path,
    );
  }
  return parseChoice(kind, name, options, registry);
}

async function parseChoice<K extends Kind>(kind: K, name: string, options: object, registry: Registry) {
  const plugin = await registry.load(kind, name);
  const parsed = await plugin.options.safeParseAsync(options);
  optionScope()?.uses.set(`${kind} ${name}`, { kind, name });
  if (!parsed.success) {
    // The known keys go along with an issue, because only here is the schema of an unknown key known.
    const issues = parsed.error.issues.map((issue) => {
      const known = 'known' in issue ? issue.known : keysAt(plugin.options, issue.path);
      return { ...issue, input: options, known } as Issue;
    });
    return { choice: undefined, issues };
  }
  const choice: PluginChoice<K> = { kind, name, options: parsed.data };
  choices.add(choice);
  return { choice, issues: [] };
}
