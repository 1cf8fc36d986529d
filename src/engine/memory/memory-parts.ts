import type { GradientRecord, OperationRecord } from '../graph/operation-record.js';
import { bufferOwners, handOverToVariables, operationOf } from './buffer-owners.js';
import type { Allocation, NodeRun } from './run-metadata.js';

/** Bytes by purpose. */
export interface MemoryParts {
  /** Trained variables. */
  parameters: number;
  /** Other variables (running statistics, a teacher, a centre) and the graph's constants. */
  buffers: number;
  /** States of the optimizer. */
  optimizer: number;
  /** Gradients of the trained variables. */
  gradients: number;
  /** Results of the forward pass that are kept for the backward pass. */
  activations: number;
  /** Everything else: scratch of convolutions, local graphs, gradients of activations. */
  workspace: number;
  /** Fed tensors. */
  inputs: number;
}

/** The most memory that a run held at once. */
export interface MemoryPeak {
  peakBytes: number;
  /** The bytes at the peak, by purpose; adds up to it. */
  parts: MemoryParts;
  /** Bytes of the forward pass that live when the backward pass begins; 0 without one. */
  keptBytes: number;
}

/** The graph of a run, as far as memory is concerned. */
export interface StepMemory {
  operations: readonly OperationRecord[];
  gradients: readonly GradientRecord[];
  /** Bytes that live all through the run. */
  standing: MemoryParts;
}

/** Splits the peak of live bytes by purpose. `nodes` are in order of their starts. */
export function accountMemory(nodes: readonly NodeRun[], step: StepMemory): MemoryPeak {
  const owners = bufferOwners(nodes);
  handOverToVariables(nodes, step.operations, owners);
  const gradients = new Set(step.gradients.map((gradient) => gradientOwner(gradient, step.operations, owners)));
  const turn = startOfBackward(nodes, step);
  const kindOf = (allocation: Allocation, node: NodeRun): keyof MemoryParts => {
    if (gradients.has(allocation)) return 'gradients';
    return isKept(allocation, node, turn, step.operations) ? 'activations' : 'workspace';
  };
  const allocations = nodes.flatMap((node) =>
    node.allocations.map((allocation) => ({ ...allocation, kind: kindOf(allocation, node) })),
  );
  const kept = allocations.filter(({ kind }) => kind === 'activations').reduce((sum, { bytes }) => sum + bytes, 0);
  const standing = { ...step.standing, buffers: step.standing.buffers + constantBytes(nodes) };
  return { ...peakOf(allocations, standing), keptBytes: kept };
}

/** No bytes for anything. */
export const emptyParts = (): MemoryParts => ({
  parameters: 0,
  buffers: 0,
  optimizer: 0,
  gradients: 0,
  activations: 0,
  workspace: 0,
  inputs: 0,
});

const totalOf = (parts: MemoryParts): number => Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);

function peakOf(allocations: readonly (Allocation & { kind: keyof MemoryParts })[], standing: MemoryParts) {
  const events = allocations.flatMap(({ bytes, from, to, kind }) => {
    if (from === to) return [];
    return [
      { at: from, bytes, kind },
      { at: to, bytes: -bytes, kind },
    ];
  });
  // Stamps are whole microseconds: releases first, so that a buffer handed on within one is not counted twice.
  events.sort((a, b) => a.at - b.at || a.bytes - b.bytes);
  const live = { ...standing };
  let [parts, peakBytes, total] = [{ ...live }, totalOf(live), totalOf(live)];
  for (const { bytes, kind } of events) {
    live[kind] += bytes;
    total += bytes;
    if (total > peakBytes) [parts, peakBytes] = [{ ...live }, total];
  }
  return { peakBytes, parts };
}

/** Allocated before the backward pass and not released when it began. */
function isKept(
  { from, to }: Allocation,
  { name }: NodeRun,
  turn: number | undefined,
  operations: readonly OperationRecord[],
): boolean {
  if (turn === undefined || from > turn || to < turn) return false;
  const phase = operationOf(name, operations)?.phase;
  return phase === 'input' || phase === 'forward';
}

/** Ops that hand on their input's buffer, which TensorFlow may take out of the graph. */
const PASSES_ON = new Set(['Reshape', 'Identity', 'Squeeze', 'ExpandDims']);

function gradientOwner(
  { operation, output }: { operation: number; output: number },
  operations: readonly OperationRecord[],
  owners: ReturnType<typeof bufferOwners>,
): Allocation | undefined {
  const { name, type, inputs } = operations[operation];
  const owner = owners(name, output);
  return owner || !PASSES_ON.has(type) ? owner : gradientOwner(inputs[0], operations, owners);
}

/**
 * The start of the first backward node that needs the forward pass: one that depends on an input and on a trained variable.
 * (Others, like multiples of the loss' own gradient, run whenever TensorFlow likes.)
 */
function startOfBackward(nodes: readonly NodeRun[], { operations, gradients }: StepMemory): number | undefined {
  const trained = new Set(gradients.map(({ handle }) => handle));
  const needsInput: boolean[] = [];
  const needsWeight: boolean[] = [];
  for (const { index, type, inputs } of operations) {
    needsInput[index] = type === 'Placeholder' || inputs.some(({ operation }) => needsInput[operation]);
    needsWeight[index] = trained.has(index) || inputs.some(({ operation }) => needsWeight[operation]);
  }
  return nodes.find(({ name, op }) => {
    const record = op === 'Const' ? undefined : operationOf(name, operations);
    return record?.phase === 'backward' && needsInput[record.index] && needsWeight[record.index];
  })?.start;
}

/** Constants live as long as the graph's executor; equal addresses are one. */
function constantBytes(nodes: readonly NodeRun[]): number {
  const constants = new Map<bigint, number>();
  for (const { op, outputs } of nodes) {
    if (op !== 'Const') continue;
    for (const { address, bytes } of outputs) if (address !== undefined) constants.set(address, bytes);
  }
  return [...constants.values()].reduce((sum, bytes) => sum + bytes, 0);
}
