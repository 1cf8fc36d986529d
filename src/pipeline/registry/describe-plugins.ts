import { z } from 'zod';
import { UserError } from '../../errors.js';
import { type AnyPlugin, type Kind, kinds, type Registry } from '../../plugin/plugin.js';
import { didYouMeanOrKnown } from '../../plugin/suggest.js';

/** The part of a JSON Schema that is shown. */
export interface OptionSchema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  description?: string;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  exclusiveMaximum?: number;
  items?: OptionSchema;
  anyOf?: OptionSchema[];
  properties?: Record<string, OptionSchema>;
  required?: string[];
  /** Set by `pluginChoice`. */
  plugin?: Kind;
  /** Set by `artifact`. */
  artifact?: string[];
}

export interface PluginDescription {
  kind: Kind;
  name: string;
  summary: string;
  /** The user's file, or null for a built-in plugin. */
  file: string | null;
  options: OptionSchema;
}

/** Describes all plugins, or those of these names and kinds; throws a UserError for an unknown name. */
export async function describePlugins(
  registry: Registry,
  wanted: readonly string[] = [],
): Promise<PluginDescription[]> {
  const all = kinds.flatMap((kind) => registry.names(kind).map((name) => ({ kind, name })));
  for (const asked of wanted) {
    if (all.some(({ kind, name }) => asked === kind || asked === name)) continue;
    const known = [...kinds, ...all.map(({ name }) => name)];
    throw new UserError(`No plugin and no kind of plugin is called '${asked}'${didYouMeanOrKnown(asked, known)}`);
  }
  const chosen = all.filter(({ kind, name }) => wanted.length === 0 || wanted.includes(kind) || wanted.includes(name));
  return Promise.all(
    chosen.map(async ({ kind, name }) => describe(await registry.load(kind, name), registry.origin(kind, name).file)),
  );
}

function describe({ kind, name, summary, options }: AnyPlugin, file: string | null): PluginDescription {
  const schema = z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' }) as OptionSchema;
  return { kind, name, summary, file, options: schema };
}

/** A readable list, by kind. */
export function pluginsAsText(plugins: readonly PluginDescription[]): string {
  const groups = kinds.map((kind) => ({ kind, members: plugins.filter((plugin) => plugin.kind === kind) }));
  const shown = groups.filter(({ members }) => members.length > 0);
  return shown.map(({ kind, members }) => `${kind}\n${members.map(pluginText).join('\n')}`).join('\n');
}

function pluginText({ name, summary, file, options }: PluginDescription): string {
  const rows = optionRows(options);
  const width = Math.max(0, ...rows.map(([option]) => option.length));
  const lines = rows.map(([option, meaning]) => `      ${option.padEnd(width)}  ${meaning}`);
  return `${[`  ${name}: ${summary}`, ...(file ? [`      (${file})`] : []), ...lines].join('\n')}\n`;
}

function optionRows(schema: OptionSchema, prefix = ''): [string, string][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, option]): [string, string][] => {
    if (option.properties) return optionRows(option, `${prefix}${key}.`);
    const needed = option.default === undefined && schema.required?.includes(key);
    return [[prefix + key, meaningOf(option, needed === true)]];
  });
}

function meaningOf(option: OptionSchema, needed: boolean): string {
  const standard = option.default === undefined ? [] : [`default ${JSON.stringify(option.default)}`];
  return [
    typeOf(option),
    ...(needed ? ['required'] : standard),
    ...(option.description ? [option.description] : []),
  ].join(', ');
}

/** The type of an option in words: `integer > 0`, `sgd | adam`, `list of loss plugin`. */
export function typeOf(option: OptionSchema): string {
  if (option.plugin) return `${option.plugin} plugin`;
  if (option.artifact) return option.artifact.length > 0 ? `artifact (${option.artifact.join(' or ')})` : 'artifact';
  if (option.enum) return option.enum.map(String).join(' | ');
  if (option.const !== undefined) return String(option.const);
  if (option.anyOf) return [...new Set(option.anyOf.map(typeOf))].join(' | ');
  if (option.type === 'array') return `list of ${option.items ? typeOf(option.items) : 'values'}`;
  return [option.type ?? 'value', ...bounds(option)].join(' ');
}

// zod also writes the limits of safe integers, which mean no limit.
function bounds({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: OptionSchema): string[] {
  const says = (value: number | undefined): value is number =>
    value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  return [
    ...(says(minimum) ? [`>= ${minimum}`] : []),
    ...(says(exclusiveMinimum) ? [`> ${exclusiveMinimum}`] : []),
    ...(says(maximum) ? [`<= ${maximum}`] : []),
    ...(says(exclusiveMaximum) ? [`< ${exclusiveMaximum}`] : []),
  ];
}
