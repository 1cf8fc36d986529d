import { type Source, sourceOf } from './op-buffers.js';
import { consumersOf, type OutputRef, type PlanGraph, type PlanNode } from './plan-graph.js';
import type { Allocation, NodeRun } from './run-metadata.js';

/** Memory that outputs lie in. */
interface Buffer {
  address: bigint;
  bytes: number;
  /** Uses still to come; at 0 it is released. */
  uses: number;
  /** Undefined for memory from before the run that outlives it: a variable, a constant, an input. */
  allocation?: Allocation;
}

/** Ops whose outputs lie in memory from before the run. */
const STANDING = new Set(['Placeholder', 'Const', 'VarHandleOp', 'ReadVariableOp']);

/**
 * Runs a graph as TensorFlow's executor does in one thread, except that nothing is computed: ready nodes wait in a queue, first
 * come, first served. Returns what its allocation records would say; the clock counts three ticks a node.
 */
export function execute(graph: PlanGraph, fetches: readonly OutputRef[]): NodeRun[] {
  const consumers = consumersOf(graph, fetches);
  const buffers = new Map<number, Buffer[]>();
  const runs: NodeRun[] = [];
  let address = 0n;

  const create = (bytes: number, uses: number, allocation?: Allocation): Buffer => ({
    address: ++address,
    bytes,
    uses,
    allocation,
  });

  function release(buffer: Buffer, at: number): void {
    buffer.uses--;
    if (buffer.uses === 0 && buffer.allocation) buffer.allocation.to = at;
  }

  function run(index: number, node: PlanNode): void {
    const start = 3 * runs.length;
    const inputs = node.inputs.map(({ operation, output }) => buffers.get(operation)![output]);
    const infoOf = (i: number) => {
      const { operation, output } = node.inputs[i];
      return graph.get(operation)!.record.outputs[output];
    };
    const allocations: Allocation[] = [];
    const outputs = node.bytes.map((bytes, output) => {
      const uses = consumers.get(index)!.filter((use) => use.output === output).length;
      if (STANDING.has(node.type)) return create(bytes, uses + 1);
      const passed = passedOn(sourceOf(node, output, infoOf), inputs, bytes);
      if (passed) {
        passed.uses += uses + 1;
        return passed;
      }
      const allocation = { bytes, from: start, to: Number.POSITIVE_INFINITY };
      if (bytes > 0) allocations.push(allocation);
      return create(bytes, uses + 1, allocation);
    });
    buffers.set(index, outputs);
    for (const input of inputs) release(input, start + 2);
    // The node itself lets go of its outputs: unused ones are released.
    for (const output of outputs) release(output, start + 2);
    runs.push({
      name: node.record.name,
      op: node.type,
      start,
      end: start + 1,
      ms: 0,
      allocations,
      outputs: outputs.map((buffer, slot) => ({ slot, bytes: buffer.bytes, address: buffer.address })),
    });
  }

  for (const [index, node] of inExecutionOrder(graph)) run(index, node);
  return runs;
}

/** The input's buffer that an output lies in, if any. */
function passedOn(source: Source, inputs: readonly Buffer[], bytes: number): Buffer | undefined {
  if (source.kind === 'new') return undefined;
  if (source.kind === 'alias') return inputs[source.input];
  // Only the run's own memory may be written over, and only by its last reader.
  const free = ({ allocation, uses, bytes: size }: Buffer) => allocation && uses === 1 && size === bytes;
  return source.inputs.map((i) => inputs[i]).find(free);
}

/** First come, first served; nodes that become ready at once go in order of creation. */
function* inExecutionOrder(graph: PlanGraph): Generator<[number, PlanNode]> {
  const followers = new Map<number, number[]>([...graph.keys()].map((index) => [index, []]));
  const pending = new Map<number, number>();
  for (const [index, { inputs }] of graph) for (const { operation } of inputs) followers.get(operation)!.push(index);
  for (const [index, { inputs, controls }] of graph) {
    for (const control of controls) followers.get(control)!.push(index);
    pending.set(index, inputs.length + controls.length);
  }
  const queue = [...graph.keys()].filter((index) => pending.get(index) === 0);
  for (let at = 0; at < queue.length; at++) {
    yield [queue[at], graph.get(queue[at])!];
    for (const follower of followers.get(queue[at])!) {
      const left = pending.get(follower)! - 1;
      pending.set(follower, left);
      if (left === 0) queue.push(follower);
    }
  }
  if (queue.length < graph.size) throw new Error(`${graph.size - queue.length} operations wait for each other`);
}
