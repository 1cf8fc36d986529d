import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { UserError } from '../../errors.js';
import { didYouMean } from '../../plugin/suggest.js';
import { type ConfigSource, configsNear, type Position, readConfigSource } from './config-source.js';

type Tree = Record<string, unknown>;

/** A config file with all it extends. */
export interface LayeredConfig {
  /** The value of all of them together, without `extends`. */
  value: unknown;
  /** The file that has the say about what stands at `path` of the value, and where; `layer` counts from the config itself. */
  place(
    path: readonly PropertyKey[],
    what: 'key' | 'value',
  ): { source: ConfigSource; position: Position; layer: number };
}

/** One file of a chain. */
interface Layer {
  source: ConfigSource;
  value: unknown;
  /** Its own number of each stage of the whole, where it has that stage. */
  stages: number[];
}

/**
 * Reads a config and what it `extends`, a file named relative to it. Its keys go over those of the other file: maps join key by key,
 * lists and scalars replace. `stages` join by artifact name; stages of a new name come last. A map that names another plugin (`name`,
 * `stage`) replaces. Throws a UserError with file and line for a file that is missing or extends itself.
 */
export function readLayeredConfig(file: string): LayeredConfig {
  const layers = chain(file, []);
  const value = [...layers].reverse().reduce<unknown>(onTop, undefined);
  return { value, place: (path, what) => place(layers, path, what) };
}

/** The config first, the file that extends nothing last. */
function chain(file: string, above: readonly string[]): Layer[] {
  const source = readConfigSource(file);
  const seen = [...above, resolve(file)];
  const layer: Layer = { source, value: source.value, stages: [] };
  if (!isTree(source.value) || !('extends' in source.value)) return [layer];
  const { extends: base, ...value } = source.value;
  const fault = (message: string) =>
    new UserError(source.report(source.locate(['extends'], 'value'), `'extends' ${message}`));
  if (typeof base !== 'string') throw fault('must be the name of a file');
  const path = isAbsolute(base) ? base : join(dirname(file), base);
  if (!existsSync(path)) throw fault(`names ${path}, but there is no such file${didYouMean(path, configsNear(path))}`);
  if (seen.includes(resolve(path))) throw fault(`leads in a circle: ${[...seen, resolve(path)].join(' -> ')}`);
  return [{ ...layer, value }, ...chain(path, seen).map(withOwnPlugins)];
}

/** Plugin files are named relative to the file that names them. */
function withOwnPlugins(layer: Layer): Layer {
  if (!isTree(layer.value) || !Array.isArray(layer.value.plugins)) return layer;
  const folder = dirname(layer.source.file);
  const plugins = layer.value.plugins.map((path) => (typeof path === 'string' ? resolve(folder, path) : path));
  return { ...layer, value: { ...layer.value, plugins } };
}

function onTop(below: unknown, layer: Layer): unknown {
  const { value } = layer;
  if (!isTree(value) || !Array.isArray(value.stages)) return merged(below, value);
  const stages = isTree(below) && Array.isArray(below.stages) ? [...below.stages] : [];
  const free = new Map(stages.map((stage, index) => [nameOf(stage), index]));
  for (const [own, stage] of value.stages.entries()) {
    const name = nameOf(stage);
    const index = (name === undefined ? undefined : free.get(name)) ?? stages.length;
    // Each is joined once: a second one of the name is a fault, which the stages' own check reports.
    free.delete(name);
    stages[index] = index < stages.length ? merged(stages[index], stage) : stage;
    layer.stages[index] = own;
  }
  return { ...(merged(below, value) as Tree), stages };
}

function merged(below: unknown, own: unknown): unknown {
  // A scalar below a map is a plugin's name: `backbone: tdnn` and `backbone: {width: 128}` mean {name: tdnn, width: 128}.
  if (typeof below === 'string' && isTree(own) && !('name' in own)) return { name: below, ...own };
  if (!isTree(below) || !isTree(own) || !areOne(below, own)) return own;
  const keys = Object.keys(own).map((key) => [key, key in below ? merged(below[key], own[key]) : own[key]]);
  return { ...below, ...Object.fromEntries(keys) };
}

/** Not when they choose two plugins, whose options have nothing to do with each other. */
function areOne(below: Tree, own: Tree): boolean {
  return ['name', 'stage'].every((key) => !(key in own) || !(key in below) || own[key] === below[key]);
}

interface Candidate {
  layer: number;
  /** Where it stands in its own file. */
  path: PropertyKey[];
  node: unknown;
}

/** Follows the path through the layers as they were joined; the topmost that gets furthest has the say. */
function place(layers: readonly Layer[], path: readonly PropertyKey[], what: 'key' | 'value') {
  let alive: Candidate[] = layers.map(({ value }, layer) => ({ layer, path: [], node: value }));
  for (const [depth, part] of path.entries()) {
    const isStages = depth === 1 && path[0] === 'stages';
    const [top, ...rest] = alive;
    const joined = isStages ? alive : [top, ...rest.filter(({ node }) => isPartOf(node, top.node))];
    const next = joined.flatMap((candidate) => {
      const key = isStages ? layers[candidate.layer].stages[Number(part)] : part;
      if (key === undefined || typeof candidate.node !== 'object' || candidate.node === null) return [];
      if (!(key in candidate.node)) return [];
      return [{ ...candidate, path: [...candidate.path, key], node: (candidate.node as Tree)[key as string] }];
    });
    if (next.length === 0) break;
    alive = next;
  }
  const { layer, path: own } = alive[0];
  const { source } = layers[layer];
  return { source, position: source.locate(own, what), layer };
}

const isPartOf = (below: unknown, top: unknown): boolean => isTree(below) && isTree(top) && areOne(below, top);

function nameOf(stage: unknown): string | undefined {
  if (!isTree(stage)) return undefined;
  const name = stage.as ?? stage.stage;
  return typeof name === 'string' ? name : undefined;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
