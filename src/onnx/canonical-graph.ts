import type { Graph, Node } from '../engine/graph/graph.js';
import type { OperationRecord } from '../engine/graph/operation-record.js';
import type { HostTensor } from '../host-tensor.js';

/** What an operation of one trace reads. */
export type Source =
  | { kind: 'input' }
  | { kind: 'constant'; value: HostTensor }
  /** A variable; `variable` is the place of its handle in the graph. */
  | { kind: 'variable'; variable: number }
  /** Output of the operation at this place of the list. */
  | { kind: 'operation'; at: number; output: number };

/** An operation and what it reads. */
export interface Step {
  record: OperationRecord;
  sources: Source[];
}

/**
 * The operations that `output` needs, each behind those it reads, in an order that depends on the structure alone: two traces of one
 * network give lists that can be laid side by side. Constants belong to their readers, for a graph shares equal ones.
 */
export function canonicalGraph(graph: Graph, input: Node, output: Node): { steps: Step[]; output: Source } {
  const steps: Step[] = [];
  const places = new Map<number, number>();
  const sourceOf = (operation: number, index: number): Source => {
    const record = graph.operations[operation];
    if (operation === input.operation) return { kind: 'input' };
    if (record.type === 'Const') return { kind: 'constant', value: record.value! };
    if (record.type === 'ReadVariableOp') return { kind: 'variable', variable: record.inputs[0].operation };
    return { kind: 'operation', at: places.get(operation)!, output: index };
  };
  const isLeaf = (operation: number) =>
    operation === input.operation || ['Const', 'ReadVariableOp'].includes(graph.operations[operation].type);

  // Depth first, with a stack of its own: networks are deeper than JavaScript's.
  const stack = [{ operation: output.operation, next: 0 }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    const record = graph.operations[top.operation];
    if (places.has(top.operation) || isLeaf(top.operation)) {
      stack.pop();
    } else if (top.next < record.inputs.length) {
      stack.push({ operation: record.inputs[top.next++].operation, next: 0 });
    } else {
      const sources = record.inputs.map(({ operation, output }) => sourceOf(operation, output));
      places.set(top.operation, steps.length);
      steps.push({ record, sources });
      stack.pop();
    }
  }
  return { steps, output: sourceOf(output.operation, output.output.index) };
}
