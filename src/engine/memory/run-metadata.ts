import { type Field, intOf, readFields, textOf } from '../../io/protobuf/fields.js';

/** Bytes taken by a node: its outputs and its scratch. */
export interface Allocation {
  bytes: number;
  /** Microseconds, on the clock of the run. */
  from: number;
  /** Infinity when the run ended before: a fetched output, or what a variable took over. */
  to: number;
}

/** One node of a traced run. */
export interface NodeRun {
  /** As in the graph, or what TensorFlow's rewriting made of it. */
  name: string;
  op: string;
  /** Microseconds, on the clock of the run. */
  start: number;
  end: number;
  /** Time of its computation in milliseconds. */
  ms: number;
  allocations: Allocation[];
  /** Its outputs' places in memory: several nodes hand on one buffer, and addresses are used again later. */
  outputs: Output[];
}

interface Output {
  slot: number;
  bytes: number;
  /** Undefined where TensorFlow does not record it. */
  address?: bigint;
}

/**
 * Reads a RunMetadata message (tensorflow/core/protobuf/config.proto, framework/step_stats.proto) into its nodes, in order of
 * their starts. Where a GPU takes part, the allocations are those of its memory.
 */
export function parseRunMetadata(message: Uint8Array): NodeRun[] {
  const nodes: (NodeRun & { onGpu: boolean })[] = [];
  for (const metadata of readFields(message)) {
    if (metadata.number !== 1) continue;
    for (const device of readFields(metadata.bytes!)) if (device.number === 1) readDevice(device.bytes!, nodes);
  }
  const gpu = nodes.some(({ onGpu }) => onGpu);
  return nodes
    .map(({ onGpu, ...node }) => (gpu && !onGpu ? { ...node, allocations: [] } : node))
    .sort((a, b) => a.start - b.start);
}

/** Milliseconds by op type, largest first. */
export function timeByOp(nodes: readonly NodeRun[]): { op: string; ms: number; count: number }[] {
  const times = new Map<string, { ms: number; count: number }>();
  for (const { op, ms } of nodes) {
    const time = times.get(op) ?? { ms: 0, count: 0 };
    times.set(op, { ms: time.ms + ms, count: time.count + 1 });
  }
  return [...times].map(([op, time]) => ({ op, ...time })).sort((a, b) => b.ms - a.ms);
}

function readDevice(message: Uint8Array, nodes: ReturnType<typeof readNode>[]): void {
  let name = '';
  const messages: Uint8Array[] = [];
  for (const field of readFields(message)) {
    if (field.number === 1) name = textOf(field);
    else if (field.number === 2) messages.push(field.bytes!);
  }
  // A GPU is listed twice more, by stream: those rows repeat kernel times and hold no allocations.
  if (!/stream/.test(name)) for (const node of messages) nodes.push(readNode(node));
}

function readNode(message: Uint8Array): NodeRun & { onGpu: boolean } {
  const fields = [...readFields(message)];
  const number = (field: number) => intOf(fields.find(({ number }) => number === field) ?? { number: field });
  // Nanoseconds where they are given; durations are relative to the start.
  const micros = (field: number) => number(field + 11) / 1e3 || number(field);
  const text = (field: number) => fields.filter(({ number }) => number === field).map(textOf)[0] ?? '';
  const start = number(2);
  const memory = fields.filter((field) => field.number === 6).map(readMemory);
  const onGpu = memory.some(({ allocator }) => /^GPU_/.test(allocator));
  return {
    name: text(1),
    op: text(8).split(' = ').at(-1)!.split('(')[0],
    start,
    end: start + micros(5),
    ms: (micros(4) - micros(3)) / 1e3,
    allocations: memory.flatMap(({ allocator, allocations }) => (onGpu && !/^GPU_/.test(allocator) ? [] : allocations)),
    outputs: fields.filter((field) => field.number === 7).map(readOutput),
    onGpu,
  };
}

function readMemory(field: Field): { allocator: string; allocations: Allocation[] } {
  let allocator = '';
  const allocations: Allocation[] = [];
  for (const part of readFields(field.bytes!)) {
    if (part.number === 1) allocator = textOf(part);
    else if (part.number === 6) addRecord(part.bytes!, allocations);
  }
  return { allocator, allocations };
}

/** A positive record opens an allocation, a negative one closes the first open one of its size. */
function addRecord(message: Uint8Array, allocations: Allocation[]): void {
  let [at, bytes] = [0, 0];
  for (const field of readFields(message)) {
    if (field.number === 1) at = intOf(field);
    else if (field.number === 2) bytes = intOf(field);
  }
  if (bytes > 0) allocations.push({ bytes, from: at, to: Number.POSITIVE_INFINITY });
  const released = allocations.find((open) => open.bytes === -bytes && open.to === Number.POSITIVE_INFINITY);
  if (released) released.to = at;
}

function readOutput(field: Field): Output {
  const output: Output = { slot: 0, bytes: 0 };
  for (const part of readFields(field.bytes!)) {
    if (part.number === 1) output.slot = intOf(part);
    else if (part.number === 3) readAllocationDescription(part.bytes!, output);
  }
  return output;
}

function readAllocationDescription(message: Uint8Array, output: Output): void {
  for (const field of readFields(message)) {
    if (field.number !== 4) continue;
    for (const part of readFields(field.bytes!)) {
      // The requested bytes, unless the allocated ones are recorded.
      if (part.number === 1) output.bytes ||= intOf(part);
      else if (part.number === 2) output.bytes = intOf(part);
      else if (part.number === 6) output.address = part.varint;
    }
  }
}
