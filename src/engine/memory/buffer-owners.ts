import type { OperationRecord } from '../graph/operation-record.js';
import type { Allocation, NodeRun } from './run-metadata.js';

/** Finds the allocation behind a node's output; undefined for one made before the run. */
export type Owners = (name: string, slot: number) => Allocation | undefined;

/**
 * Follows buffers through the nodes that hand them on (reshapes, ops in place): TensorFlow books a buffer under the node that
 * allocated it only. `nodes` are in order of their starts.
 */
export function bufferOwners(nodes: readonly NodeRun[]): Owners {
  const latest = new Map<bigint, Allocation>();
  const owners = new Map<string, Allocation>();
  for (const node of nodes) {
    const lasting = node.allocations.filter(({ to }) => to >= node.end);
    for (const { slot, bytes, address } of node.outputs) {
      if (address === undefined) continue;
      const before = latest.get(address);
      // An address is handed on while its buffer lives, and taken anew after that.
      const passedOn = before && before.to >= node.start && !node.allocations.includes(before) && before.bytes >= bytes;
      const fresh = lasting.findIndex((allocation) => allocation.bytes === bytes);
      const owner =
        passedOn && (fresh < 0 || before.to > node.end) ? before : lasting.splice(fresh, fresh < 0 ? 0 : 1)[0];
      if (!owner) continue;
      latest.set(address, owner);
      owners.set(`${node.name}:${slot}`, owner);
    }
  }
  return (name, slot) => owners.get(`${name}:${slot}`);
}

/**
 * Ends the allocations that variables took over when they were written: from then on they are the variable's, and the
 * variable's former buffer, which no record shows, is gone.
 */
export function handOverToVariables(
  nodes: readonly NodeRun[],
  operations: readonly OperationRecord[],
  owners: Owners,
): void {
  for (const node of nodes) {
    const record = operationOf(node.name, operations);
    if (!record || record.type === 'ReadVariableOp' || !record.inputs.some(isHandle)) continue;
    const values = record.inputs.filter((input) => !isHandle(input));
    const written = values.map(({ operation, output }) => owners(operations[operation].name, output));
    for (const allocation of [...node.allocations, ...written]) {
      if (allocation?.to === Number.POSITIVE_INFINITY) allocation.to = node.end;
    }
  }
  function isHandle({ operation }: { operation: number }): boolean {
    return operations[operation].type === 'VarHandleOp';
  }
}

/** The operation that a node of a run was made from; TensorFlow's rewriting adds to its name. */
export function operationOf(name: string, operations: readonly OperationRecord[]): OperationRecord | undefined {
  const index = /(?:^|\/)(?:input|forward|backward|update)\/[A-Za-z0-9_]+?_(\d+)/.exec(name)?.[1];
  return index === undefined ? undefined : operations[Number(index)];
}
