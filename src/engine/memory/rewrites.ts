import { sizeOf } from '../../host-tensor.js';
import { DT } from '../graph/data-types.js';
import { consumersOf, FETCHED, type OutputRef, type PlanGraph } from './plan-graph.js';

/**
 * Changes a graph as TensorFlow's own rewriting does, as far as it moves memory: gates without work become edges, equal operations
 * one, and on a CPU batch normalisation and rectifier one op: on a GPU there is one for float16 only. (Sessions switch other rewrites off,
 * see configProto.)
 */
export function rewrite(graph: PlanGraph, fetches: readonly OutputRef[], { onGpu }: { onGpu: boolean }): void {
  dissolveGates(graph);
  mergeEqual(graph, fetches);
  if (!onGpu) fuseRectifiers(graph, fetches);
}

/** A NoOp that joins few operations with few others becomes direct edges between them. */
function dissolveGates(graph: PlanGraph): void {
  const followers = controlFollowers(graph);
  for (const [index, node] of graph) {
    if (node.type !== 'NoOp') continue;
    const after = followers.get(index) ?? new Set();
    const before = new Set(node.controls);
    if (before.size * after.size > before.size + after.size) continue;
    for (const follower of after) {
      const { controls } = graph.get(follower)!;
      controls.splice(controls.indexOf(index), 1);
      for (const earlier of before) {
        if (!controls.includes(earlier)) controls.push(earlier);
        followers.get(earlier)!.add(follower);
      }
    }
    for (const earlier of before) followers.get(earlier)!.delete(index);
    graph.delete(index);
  }
}

/** Operations that are never merged: each has a state or an effect. */
const STATEFUL = /^(Placeholder|VarHandleOp|ReadVariableOp|Assert|NoOp|Assign.*|Resource.*)$/;

/**
 * Operations of one type on the same inputs with results of one shape become one. Attributes and the values of large constants are
 * not on record: those are taken for equal, which large constants are (ones, zeros, the matrices of the features).
 */
function mergeEqual(graph: PlanGraph, fetches: readonly OutputRef[]): void {
  const keep = new Set(fetches.map(({ operation }) => operation));
  const first = new Map<string, number>();
  const merged = new Map<number, number>();
  for (const [index, { type, record, inputs, controls }] of graph) {
    for (const input of inputs) input.operation = merged.get(input.operation) ?? input.operation;
    controls.forEach((control, i) => {
      controls[i] = merged.get(control) ?? control;
    });
    const { outputs } = record;
    // Small equal constants share a node already, see Graph.constant.
    if (STATEFUL.test(type) || outputs.length === 0 || (type === 'Const' && sizeOf(outputs[0].shape) <= 64)) continue;
    const results = outputs.map(({ shape, dataType }) => `${dataType}[${shape}]`);
    const from = inputs.map(({ operation, output }) => `${operation}:${output}`);
    const waitsFor = [...controls].sort();
    const key = [type, ...results, ...from, ...waitsFor].join(' ');
    const same = first.get(key);
    if (same === undefined || keep.has(index)) first.set(key, same ?? index);
    else merged.set(index, same);
  }
  for (const index of merged.keys()) graph.delete(index);
}

function controlFollowers(graph: PlanGraph): Map<number, Set<number>> {
  const followers = new Map<number, Set<number>>();
  for (const [index, { controls }] of graph) {
    for (const control of controls) {
      if (!followers.has(control)) followers.set(control, new Set());
      followers.get(control)!.add(index);
    }
  }
  return followers;
}

/** FusedBatchNormV3 whose map goes into a rectifier and nowhere else. */
function fuseRectifiers(graph: PlanGraph, fetches: readonly OutputRef[]): void {
  const consumers = consumersOf(graph, fetches);
  const controlled = controlFollowers(graph);
  for (const [index, relu] of graph) {
    if (relu.type !== 'Relu' || relu.controls.length > 0 || controlled.has(index)) continue;
    if (consumers.get(index)!.some((use) => use.operation === FETCHED)) continue;
    const { operation, output } = relu.inputs[0];
    const norm = graph.get(operation)!;
    if (norm.type !== 'FusedBatchNormV3' || output !== 0 || norm.controls.length > 0 || controlled.has(operation))
      continue;
    if (consumers.get(operation)!.filter((use) => use.output === 0).length !== 1) continue;
    norm.type = '_FusedBatchNormEx';
    norm.bytes[5] = signBytes(norm.record.outputs[0]);
    replace(graph, index, { operation, output: 0 }, consumers);
  }
}

/**
 * Bytes in which the fused op remembers where the rectifier was open. oneDNN wants a bit for each value, or a byte where the
 * channels do not fill its vectors; TensorFlow takes a float for each such byte.
 */
function signBytes({ shape, dataType }: { shape: number[]; dataType: number }): number {
  const values = sizeOf(shape);
  const vector = dataType === DT.BFLOAT16 ? 16 : 8;
  return 4 * (shape.at(-1)! % vector === 0 ? Math.ceil(values / 8) : values);
}

function replace(graph: PlanGraph, index: number, by: OutputRef, consumers: Map<number, OutputRef[]>): void {
  for (const { operation } of consumers.get(index)!) {
    const consumer = graph.get(operation);
    if (!consumer) continue;
    consumer.inputs = consumer.inputs.map((input) => (input.operation === index ? by : input));
  }
  graph.delete(index);
}
