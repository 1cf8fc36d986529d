import type { OperationRecord } from '../graph/operation-record.js';
import { tensorBytes } from './element-bytes.js';

/** One output of an operation. */
export interface OutputRef {
  operation: number;
  output: number;
}

/** A run of a traced function: its inputs, results and effects. */
export interface RunPlan {
  operations: readonly OperationRecord[];
  /** Operations that are fed. */
  feeds: readonly number[];
  fetches: readonly OutputRef[];
  /** Operations that run for their effect. */
  targets: readonly number[];
}

/** An operation that runs. */
export interface PlanNode {
  record: OperationRecord;
  /** The op that TensorFlow runs in its place. */
  type: string;
  inputs: OutputRef[];
  controls: number[];
  /** Bytes of each output. */
  bytes: number[];
}

/** The operations that run, by index, in order of creation. */
export type PlanGraph = Map<number, PlanNode>;

/** The operations that the fetches and targets of a run depend on, as traced. */
export function reachedGraph({ operations, feeds, fetches, targets }: RunPlan): PlanGraph {
  const fed = new Set(feeds);
  const reached = new Set<number>();
  const open = [...fetches.map(({ operation }) => operation), ...targets];
  while (open.length > 0) {
    const index = open.pop()!;
    if (reached.has(index)) continue;
    reached.add(index);
    if (fed.has(index)) continue;
    const { inputs, controls } = operations[index];
    for (const { operation } of inputs) open.push(operation);
    open.push(...controls);
  }
  return new Map([...reached].sort((a, b) => a - b).map((index) => [index, nodeOf(operations[index])]));
}

/** Outputs of these are pages of a file, which the system takes back when memory is short. */
const MAPPED = new Set(['ImmutableConst']);

function nodeOf(record: OperationRecord): PlanNode {
  return {
    record,
    type: record.type,
    inputs: record.inputs.map((input) => ({ ...input })),
    controls: [...new Set(record.controls)],
    bytes: record.outputs.map((output) => (MAPPED.has(record.type) ? 0 : tensorBytes(output))),
  };
}

/** Stands for the caller who fetches a result. */
export const FETCHED = -1;

/** The nodes that take each node's outputs, once for each edge. */
export function consumersOf(graph: PlanGraph, fetches: readonly OutputRef[]): Map<number, OutputRef[]> {
  const consumers = new Map<number, OutputRef[]>([...graph.keys()].map((index) => [index, []]));
  for (const [index, { inputs }] of graph) {
    for (const { operation, output } of inputs) consumers.get(operation)!.push({ operation: index, output });
  }
  for (const { operation, output } of fetches) consumers.get(operation)?.push({ operation: FETCHED, output });
  return consumers;
}
