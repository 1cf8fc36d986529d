import { DT } from '../../../src/engine/graph/data-types.js';
import type { Graph } from '../../../src/engine/graph/graph.js';
import { type GraphNode, graphNodes } from './graph-nodes.js';
import { argumentNames, kernelOf, registered } from './registered-kernels.js';

/** The operations of one run: what is fed, fetched and executed besides, by their places in the graph. */
export interface RunPlaces {
  feeds: readonly number[];
  fetches: readonly number[];
  targets: readonly number[];
}

/** A value that has to leave the memory it was made in, in the midst of a run. */
export interface Copy {
  /** `to-host` makes the host wait for the GPU, and the GPU then for the host. */
  kind: 'to-host' | 'to-device';
  /** It depends on constants alone, and is the same in every run. */
  constant: boolean;
  /** What makes it was sent to the host on purpose. */
  meant: boolean;
  /** `phase/Type_index` of what makes it. */
  from: string;
  /** Ops that need it. */
  into: string[];
}

/** What a GPU would make of one run. */
export interface Placement {
  /** Operations without a kernel for GPUs that were not meant for the host, with the types they have. */
  missing: string[];
  copies: Copy[];
}

/**
 * Where TensorFlow would run the operations of one run on a machine with a GPU, and what it would copy between host and device meanwhile, by the
 * kernels that its library for GPUs registers. Inputs come from the host and outputs go there, as they must: they are no copies in the midst.
 */
export function placeOnGpu(graph: Graph, places: RunPlaces): Placement {
  const nodes = reached(graphNodes(graph), places);
  const consumers = consumersOf(nodes);
  const onHost = hostNodes(nodes, consumers);
  const missing = [...nodes.values()]
    .filter(({ device, type, given }) => !device.includes('CPU') && !kernelOf(type, given))
    .map(
      ({ type, given }) =>
        `${type} ${Object.entries(given.types)
          .map(([name, types]) => `${name}=${types}`)
          .sort()
          .join(' ')}`,
    );
  return { missing: [...new Set(missing)].sort(), copies: copiesOf(nodes, onHost, new Set(places.feeds)) };
}

/** The operations that a run executes, by their places in the graph; what is fed has no inputs. */
function reached(all: readonly GraphNode[], { feeds, fetches, targets }: RunPlaces): Map<number, GraphNode> {
  const fed = new Set(feeds);
  const nodes = new Map<number, GraphNode>();
  const open = [...fetches, ...targets];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (nodes.has(index)) continue;
    const node = all[index];
    nodes.set(index, fed.has(index) ? { ...node, inputs: [], controls: [] } : node);
    if (fed.has(index)) continue;
    for (const { operation } of node.inputs) open.push(operation);
    for (const control of node.controls) open.push(control);
  }
  return new Map([...nodes].sort(([a], [b]) => a - b));
}

function consumersOf(nodes: ReadonlyMap<number, GraphNode>): Map<number, number[]> {
  const consumers = new Map<number, number[]>();
  for (const { index, inputs } of nodes.values())
    for (const { operation } of inputs) consumers.set(operation, [...(consumers.get(operation) ?? []), index]);
  return consumers;
}

/** Those that run on the host's processor: as they must, for want of a kernel, or with a variable or the one user they have. */
function hostNodes(nodes: ReadonlyMap<number, GraphNode>, consumers: ReadonlyMap<number, number[]>): Set<number> {
  const onHost = new Set(
    [...nodes.values()]
      .filter(({ device, type, given }) => device.includes('CPU') || !kernelOf(type, given))
      .map(({ index }) => index),
  );
  for (const { index, outputs } of nodes.values()) {
    if (outputs[0]?.dataType !== DT.RESOURCE) continue;
    const group = [index, ...(consumers.get(index) ?? [])];
    if (group.some((member) => onHost.has(member))) for (const member of group) onHost.add(member);
  }
  for (const { index, type, inputs, outputs } of nodes.values()) {
    const users = consumers.get(index) ?? [];
    const generator = inputs.length === 0 && outputs.length === 1 && type !== 'Placeholder';
    if (generator && users.length === 1 && onHost.has(users[0])) onHost.add(index);
  }
  return onHost;
}

/** One copy for each value and direction, however many need it. */
function copiesOf(
  nodes: ReadonlyMap<number, GraphNode>,
  onHost: ReadonlySet<number>,
  fed: ReadonlySet<number>,
): Copy[] {
  const copies = new Map<string, Copy>();
  const changing = changingNodes(nodes);
  for (const node of nodes.values()) {
    const inMemory = memoryOf(node, 'in', onHost);
    for (const [i, { operation, output }] of node.inputs.entries()) {
      const from = nodes.get(operation)!;
      if (fed.has(operation) || from.outputs[output].dataType === DT.RESOURCE) continue;
      const [made, needed] = [memoryOf(from, 'out', onHost)[output], inMemory[i]];
      if (made === needed) continue;
      const key = `${operation}:${output}`;
      const kind = made === 'host' ? 'to-device' : 'to-host';
      const copy = copies.get(key) ?? {
        kind,
        constant: !changing.has(operation),
        meant: from.device.includes('CPU'),
        from: from.name,
        into: [],
      };
      if (!copy.into.includes(node.type)) copy.into.push(node.type);
      copies.set(key, copy);
    }
  }
  return [...copies.values()];
}

/** The memory that each input or output of an operation is in. */
function memoryOf(node: GraphNode, side: 'in' | 'out', onHost: ReadonlySet<number>): ('host' | 'device')[] {
  const count = node[side === 'in' ? 'inputs' : 'outputs'].length;
  if (onHost.has(node.index)) return Array(count).fill('host');
  const { host } = kernelOf(node.type, node.given)!;
  const names = argumentNames(registered(node.type)[side], node.given, count);
  return names.map((name) => (host.includes(name) ? 'host' : 'device'));
}

/** Those that depend on an input or a variable, and on nothing that is the same in every run alone. */
function changingNodes(nodes: ReadonlyMap<number, GraphNode>): Set<number> {
  const changing = new Set<number>();
  for (const { index, type, inputs } of nodes.values()) {
    const changes = type === 'Placeholder' || type === 'ReadVariableOp';
    if (changes || inputs.some(({ operation }) => changing.has(operation))) changing.add(index);
  }
  return changing;
}
