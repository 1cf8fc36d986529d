import type { DType } from '../host-tensor.js';
import { nodeOf } from './backend.js';
import { type Attribute, shapeAttr, stringAttr, typeAttr } from './graph/attributes.js';
import type { Pointer } from './graph/c-api.js';
import { dataTypeOf } from './graph/data-types.js';
import type { Graph, Node } from './graph/graph.js';
import { cast, rawOperation, tensorOf } from './raw.js';
import type { Tensor } from './tf.js';
import { currentTrace, type VariableUse } from './trace.js';

/** A value that lives in the session between runs: a weight, a statistic, an optimizer state, a queue, a centre. */
export interface Variable {
  readonly name: string;
  readonly shape: number[];
  readonly dtype: DType;
  /** The resource handle's node. */
  readonly handle: Node;
  /** While tracing: the current value. Reads and writes happen in the order of the code. */
  read(): Tensor;
  /** While tracing: sets the value, when the compiled function runs and nothing refuses the step (see requireFinite). */
  assign(value: Tensor): void;
}

/** Adds a resource variable to a graph; the session gives it its first value. */
export function createVariable(graph: Graph, name: string, shape: number[], dtype: DType): Variable {
  const attributes = [typeAttr('dtype', dataTypeOf(dtype)), shapeAttr('shape', shape), stringAttr('shared_name', name)];
  const handle = graph.add('VarHandleOp', [], attributes).outputs[0];
  const variable: Variable = {
    name,
    shape,
    dtype,
    handle,
    read: () => readVariable(variable),
    assign(value) {
      if (value.shape.join() !== shape.join()) {
        throw new Error(
          `variable '${name}' has shape [${shape}]; it cannot be assigned a tensor of shape [${value.shape}]`,
        );
      }
      assignVariable(variable, value);
    },
  };
  return variable;
}

function useOf(variable: Variable): VariableUse {
  const trace = currentTrace();
  if (variable.handle.graph !== trace.graph) {
    throw new Error(`variable '${variable.name}' belongs to another session than the function being traced`);
  }
  const use = trace.variables.get(variable) ?? { readsSinceWrite: [] };
  trace.variables.set(variable, use);
  return use;
}

function readVariable(variable: Variable): Tensor {
  const use = useOf(variable);
  const trace = currentTrace();
  trace.reads?.add(variable);
  if (use.current) return use.current;
  const controls = use.lastWrite ? [use.lastWrite] : [];
  const attributes = [typeAttr('dtype', dataTypeOf(variable.dtype))];
  const { operation, outputs } = trace.graph.add('ReadVariableOp', [variable.handle], attributes, controls);
  // The resource's shape is known to us even where inference through a handle is not.
  use.current = tensorOf({ ...outputs[0], shape: variable.shape });
  use.readsSinceWrite.push(operation);
  return use.current;
}

/**
 * The write itself is added at the end of the trace, or before another op changes the variable: so it stands behind a check that
 * comes later. Until then reads see the value as it is.
 */
function assignVariable(variable: Variable, value: Tensor): void {
  if (currentTrace().replaying) return;
  const use = useOf(variable);
  const kept = tensorOf(nodeOf(cast(value, variable.dtype)));
  Object.assign(use, { pending: kept, current: kept });
}

/** Adds the writes that were held back. */
export function writePending(): void {
  for (const variable of currentTrace().variables.keys()) writeNow(variable);
}

/** While tracing: cancels the writes that were held back so far; returns each variable with the value that it would have got. */
export function takePending(): { variable: Variable; value: Tensor }[] {
  const { variables } = currentTrace();
  return [...variables].flatMap(([variable, use]) => {
    const { pending } = use;
    if (!pending) return [];
    Object.assign(use, { pending: undefined, current: undefined });
    return [{ variable, value: pending }];
  });
}

function writeNow(variable: Variable): void {
  const use = useOf(variable);
  const { pending } = use;
  if (!pending) return;
  use.pending = undefined;
  update([variable], 'AssignVariableOp', [pending], [typeAttr('dtype', dataTypeOf(variable.dtype))]);
  // The value is known: no need to read it back.
  use.current = pending;
}

/**
 * Adds an op that writes variables in place (AssignVariableOp, ResourceApplyMomentum, ...): their handles come first, then
 * `inputs`. It runs after every earlier read and write of them, and every later read waits for it. While a forward pass is replayed
 * nothing is written: that happened in the first one.
 */
export function update(
  variables: readonly Variable[],
  type: string,
  inputs: readonly (Tensor | Node)[],
  attributes: readonly Attribute[],
): void {
  const trace = currentTrace();
  if (trace.replaying) return;
  for (const variable of variables) writeNow(variable);
  const uses = variables.map(useOf);
  const before: Pointer[] = uses.flatMap((use) => [...use.readsSinceWrite, ...(use.lastWrite ? [use.lastWrite] : [])]);
  const saved = trace.controls;
  trace.controls = [...saved, ...before];
  try {
    const { operation } = rawOperation(type, [...variables.map((variable) => variable.handle), ...inputs], attributes);
    trace.effects.push(operation);
    for (const use of uses) Object.assign(use, { lastWrite: operation, readsSinceWrite: [], current: undefined });
  } finally {
    trace.controls = saved;
  }
}
