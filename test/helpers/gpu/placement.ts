import { ATTR } from '../../../src/engine/graph/attributes.js';
import type { OperationRecord } from '../../../src/engine/graph/operation-record.js';
import type { Session } from '../../../src/engine/session/session.js';
import { type Argument, argumentsOf, type Kernel, kernelOf, registered } from './kernels.js';

/** What of a graph would be wrong on a GPU. */
export interface GpuFaults {
  /** Operations that have no kernel there, as `Op of types`, although nothing sends them to the host. */
  withoutKernel: string[];
  /** Results of a step that the host waits for in its midst, as `Op -> Op`: one for each tensor that is copied there. */
  waits: string[];
}

/** Notes where the operations of a session's graph are sent from now on; the function says what of them would be wrong on a GPU. */
export function watchPlacement({ graph }: Pick<Session, 'graph'>): () => GpuFaults {
  const onHost = new Set<number>();
  const add = graph.add.bind(graph);
  graph.add = (type, inputs, attributes, controls) => {
    const added = add(type, inputs, attributes, controls);
    if (graph.device?.includes('CPU')) onHost.add(graph.indexOf(added.operation));
    return added;
  };
  return () => faultsOf(graph.operations, onHost);
}

/** Where an operation runs and in which memory its arguments lie. */
interface Placed {
  record: OperationRecord;
  /** Undefined: the host runs it. */
  kernel?: Kernel;
  inputs: Argument[];
  outputs: Argument[];
}

/** Operations that stand for what lives outside the graph. */
const SOURCES = new Set(['Placeholder', 'VarHandleOp']);

export function faultsOf(operations: readonly OperationRecord[], onHost: ReadonlySet<number>): GpuFaults {
  const placed = operations.map((record) => place(record, operations, onHost));
  const withoutKernel = placed.flatMap(({ record, kernel }) =>
    kernel || onHost.has(record.index) || SOURCES.has(record.type) ? [] : [describe(record)],
  );
  keepResourcesTogether(placed);
  moveGenerators(placed);
  return { withoutKernel: [...new Set(withoutKernel)].sort(), waits: waitsOf(placed) };
}

function place(record: OperationRecord, operations: readonly OperationRecord[], onHost: ReadonlySet<number>): Placed {
  const definition = registered.definitions[record.type];
  if (!definition)
    throw new Error(`test/fixtures/gpu/kernels.json does not know ${record.type}: name it in ops.txt there`);
  const inputs = argumentsOf(definition.inputs, record.inputs.length);
  const outputs = argumentsOf(definition.outputs, record.outputs.length);
  const types = new Map<string, number>();
  for (const { name, type, value } of record.attributes) {
    if (type === ATTR.TYPE && typeof value === 'number') types.set(name, value);
  }
  inputs.forEach(({ typeAttr }, i) => {
    const { operation, output } = record.inputs[i];
    if (typeAttr) types.set(typeAttr, operations[operation].outputs[output].dataType);
  });
  outputs.forEach(({ typeAttr }, i) => {
    if (typeAttr && !types.has(typeAttr)) types.set(typeAttr, record.outputs[i].dataType);
  });
  return { record, kernel: onHost.has(record.index) ? undefined : kernelOf(record.type, types), inputs, outputs };
}

/** A variable lies where the first operation that has no other place needs it. */
function keepResourcesTogether(placed: Placed[]): void {
  for (const { record } of placed) {
    if (record.type !== 'VarHandleOp') continue;
    const group = placed.filter(({ record: user }) => user.inputs.some(({ operation }) => operation === record.index));
    if (group.some(({ kernel }) => !kernel)) for (const user of group) user.kernel = undefined;
  }
}

/** TensorFlow's placer: what has no inputs and one user runs where that does. */
function moveGenerators(placed: Placed[]): void {
  const users = new Map<number, Placed[]>();
  for (const node of placed) {
    for (const { operation } of node.record.inputs) users.set(operation, (users.get(operation) ?? []).concat(node));
  }
  for (const node of placed) {
    const own = users.get(node.record.index) ?? [];
    const isGenerator = node.record.inputs.length === 0 && !SOURCES.has(node.record.type);
    if (isGenerator && own.length === 1 && !own[0].kernel) node.kernel = undefined;
  }
}

/** Tensors that depend on the step's inputs or variables, lie on the device, and are taken on the host. */
function waitsOf(placed: readonly Placed[]): string[] {
  const dynamic: boolean[] = [];
  const seen = new Set<string>();
  const waits: string[] = [];
  for (const user of placed) {
    const { record } = user;
    dynamic[record.index] =
      record.type === 'Placeholder' ||
      record.type === 'ReadVariableOp' ||
      record.inputs.some(({ operation }) => dynamic[operation]);
    record.inputs.forEach(({ operation, output }, i) => {
      const made = placed[operation];
      const key = `${operation}:${output}`;
      if (!dynamic[operation] || SOURCES.has(made.record.type) || seen.has(key)) return;
      if (!isOnDevice(made.kernel, made.outputs[output]) || isOnDevice(user.kernel, user.inputs[i])) return;
      seen.add(key);
      waits.push(`${describe(made.record)} -> ${record.type}`);
    });
  }
  return waits.sort();
}

const isOnDevice = (kernel: Kernel | undefined, argument: Argument): boolean =>
  kernel !== undefined && !kernel.host.includes(argument.name);

const describe = ({ type, outputs }: OperationRecord): string =>
  `${type} of ${outputs.map(({ dataType }) => dataType).join(', ')}`;
