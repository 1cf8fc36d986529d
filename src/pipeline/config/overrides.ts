import { parseDocument } from 'yaml';
import { UserError } from '../../errors.js';
import { didYouMeanOrKnown } from '../../plugin/suggest.js';

/** One `--set key=value`. */
export interface Override {
  /** As written on the command line. */
  text: string;
  /** The path in the config that it sets. */
  path: string[];
}

type Tree = Record<string, unknown>;

/**
 * Applies `key=value` settings to a copy of a config. Keys are dotted paths; the first part is a key of the config
 * (`topKeys`) or the artifact name of a stage. Values are YAML.
 */
export function applyOverrides(config: unknown, settings: readonly string[], topKeys: readonly string[]) {
  const value = copy(config);
  const overrides = settings.map((text) => apply(value, text, topKeys));
  return { value, overrides };
}

function apply(config: unknown, text: string, topKeys: readonly string[]): Override {
  const equals = text.indexOf('=');
  const keys = text.slice(0, Math.max(equals, 0)).split('.');
  if (equals < 0 || keys.includes('')) {
    throw new UserError(`--set ${text}: write it as key=value, such as --set seed=2 or --set pretrain.steps=100`);
  }
  if (!isTree(config)) return { text, path: keys };
  const path = resolvePath(config, keys, text, topKeys);
  assign(config, path, parseValue(text, equals), text);
  return { text, path };
}

function parseValue(text: string, equals: number): unknown {
  const document = parseDocument(text.slice(equals + 1), { prettyErrors: false });
  const [fault] = document.errors;
  if (fault) throw new UserError(`--set ${text}: the value is not YAML: ${fault.message}`);
  return document.toJS();
}

function resolvePath(config: Tree, keys: string[], text: string, topKeys: readonly string[]): string[] {
  const [first, ...rest] = keys;
  if (topKeys.includes(first)) return keys;
  const stages = Array.isArray(config.stages) ? config.stages : [];
  const names = stages.map((stage: unknown) => (isTree(stage) ? String(stage.as ?? stage.stage) : ''));
  const index = names.indexOf(first);
  if (index >= 0 && rest.length > 0) return ['stages', String(index), ...rest];
  if (index >= 0)
    throw new UserError(`--set ${text}: '${first}' is a stage; name one of its options: ${first}.key=value`);
  const hint = didYouMeanOrKnown(first, [...new Set([...topKeys, ...names.filter(Boolean)])]);
  throw new UserError(`--set ${text}: '${first}' is neither a key of the config nor the name of a stage${hint}`);
}

function assign(config: Tree, path: string[], value: unknown, text: string): void {
  let parent: Tree | unknown[] = config;
  for (const [depth, name] of path.entries()) {
    const key = Array.isArray(parent) ? indexIn(parent, path, depth, text) : name;
    const slot = parent as Record<string | number, unknown>;
    slot[key] = depth === path.length - 1 ? value : opened(slot[key]);
    parent = slot[key] as Tree | unknown[];
  }
}

// A string on the way is a plugin's name: `method: dino` and `--set pretrain.method.prototypes=64` mean {name: dino, ...}.
function opened(value: unknown): Tree | unknown[] {
  if (isTree(value) || Array.isArray(value)) return value;
  return typeof value === 'string' ? { name: value } : {};
}

function indexIn(list: unknown[], path: string[], depth: number, text: string): number {
  const index = Number(path[depth]);
  if (Number.isInteger(index) && index >= 0 && index < list.length) return index;
  const where = path.slice(0, depth).join('.');
  const range = list.length === 0 ? 'it is empty' : `its entries are 0 to ${list.length - 1}`;
  throw new UserError(`--set ${text}: '${where}' has no entry '${path[depth]}'; ${range}`);
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// With YAML anchors the same object stands in several places; a setting must reach only the place that it names.
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (!isTree(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)]));
}
