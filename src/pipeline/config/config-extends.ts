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
  /** The file whose value wins at `path`, and the position in it; `layer` counts from the config itself. */
  place(
    path: readonly PropertyKey[],
    what: 'key' | 'value',
  ): { source: ConfigSource; position: Position; layer: number };
}

/** A file of the chain of `extends`. */
interface Layer {
  source: ConfigSource;
  value: unknown;
  /** By the index of a stage in the whole config: its index in this file, if it is there. */
  stages: number[];
}

/**
 * Reads a config and what it `extends`, a file named relative to it. Its keys override those of the other file: maps are merged key by
 * key, lists and scalars replace. `stages` are merged by artifact name; new stages come last. A map that names another plugin (`name`,
 * `stage`) replaces. Throws a UserError with file and line for a file that is missing or extends itself.
 */
export function readLayeredConfig(file: string): LayeredConfig {
  const layers = chain(file, []);
  const value = [...layers].reverse().reduce<unknown>(onTop, undefined);
  return { value, place: (path, what) => place(layers, path, what) };
}

/** From the config itself to the file that extends nothing. */
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
  for (const [position, stage] of value.stages.entries()) {
    const name = nameOf(stage);
    const index = (name === undefined ? undefined : free.get(name)) ?? stages.length;
    // Each is merged once: a second stage of the name is a fault, which parseStages reports.
    free.delete(name);
    stages[index] = index < stages.length ? merged(stages[index], stage) : stage;
    layer.stages[index] = position;
  }
  return { ...(merged(below, value) as Tree), stages };
}

function merged(below: unknown, above: unknown): unknown {
  // A scalar below a map is a plugin's name: `backbone: tdnn` and `backbone: {width: 128}` mean {name: tdnn, width: 128}.
  if (typeof below === 'string' && isTree(above) && !('name' in above)) return { name: below, ...above };
  if (!isTree(below) || !isTree(above) || !sameChoice(below, above)) return above;
  const keys = Object.keys(above).map((key) => [key, key in below ? merged(below[key], above[key]) : above[key]]);
  return { ...below, ...Object.fromEntries(keys) };
}

/** False when the two choose different plugins, whose options have nothing to do with each other. */
function sameChoice(below: Tree, above: Tree): boolean {
  return ['name', 'stage'].every((key) => !(key in above) || !(key in below) || above[key] === below[key]);
}

interface Candidate {
  layer: number;
  /** Its path in its own file. */
  path: PropertyKey[];
  node: unknown;
}

/** Follows the path through the layers as they were merged; of those that get furthest the topmost wins. */
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
  const { layer, path: ownPath } = alive[0];
  const { source } = layers[layer];
  return { source, position: source.locate(ownPath, what), layer };
}

const isPartOf = (below: unknown, top: unknown): boolean => isTree(below) && isTree(top) && sameChoice(below, top);

function nameOf(stage: unknown): string | undefined {
  if (!isTree(stage)) return undefined;
  const name = stage.as ?? stage.stage;
  return typeof name === 'string' ? name : undefined;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
