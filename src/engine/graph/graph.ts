import { type HostTensor, sizeOf } from '../../host-tensor.js';
import { type Attribute, castTo, listLengths, setAttributes } from './attributes.js';
import { type CApi, cApi, checked, type Output, type Pointer } from './c-api.js';
import { DT, dataTypeOf, isFloat } from './data-types.js';
import { groupInputs, type OpDef, opDefOf } from './op-def.js';
import type { GradientRecord, OperationRecord, Phase } from './operation-record.js';
import { toNative } from './tensor-transfer.js';

/** One output of a node: what a traced tensor stands for. */
export interface Node {
  id: number;
  /** The op that makes it, as TensorFlow names it. */
  type: string;
  graph: Graph;
  /** Index of that operation among the graph's. */
  operation: number;
  output: Output;
  /** -1 where it depends on values. */
  shape: number[];
  dataType: number;
}

/** A TensorFlow graph under construction; nodes are only ever added. */
export interface Graph {
  readonly pointer: Pointer;
  /** Adds an operation. `inputs` is flat; lists are found by TensorFlow's own definition of the op. */
  add(type: string, inputs: readonly Node[], attributes: readonly Attribute[], controls?: readonly Pointer[]): Added;
  /** Adds a constant; small equal ones are shared. */
  constant(value: HostTensor): Node;
  /** Every operation, in order of creation. */
  readonly operations: readonly OperationRecord[];
  /** Place of an operation among them. */
  indexOf(operation: Pointer): number;
  /** Every gradient of a variable taken so far. */
  readonly gradients: GradientRecord[];
  /** What is being traced; the first part of every new operation's name. */
  phase: Phase;
  /** Where new operations must run, as TensorFlow names devices; undefined leaves it to TensorFlow. */
  device?: string;
  close(): void;
}

/** An added operation and its outputs. */
export interface Added {
  operation: Pointer;
  outputs: Node[];
}

export const SESSION_CLOSED = 'the session was closed; open another to go on';

// Ids are unique over all graphs, so that a tensor of a closed or foreign graph is recognised instead of misread.
let nextId = 0;
const registry = new Map<number, Node>();

/** The node behind a TensorFlow.js tensor id. */
export function nodeById(id: number): Node {
  const node = registry.get(id);
  if (!node) throw new Error('this tensor belongs to a session that was closed');
  return node;
}

/** Above this many elements a constant is not worth comparing. */
const SHARED_CONSTANT_ELEMENTS = 64;

export function createGraph(): Graph {
  const c = cApi();
  const pointer: Pointer = c.NewGraph();
  const definitions = new Map<string, OpDef>();
  const constants = new Map<string, Node>();
  const ids: number[] = [];
  const operations: OperationRecord[] = [];
  const indices = new Map<Pointer, number>();
  let closed = false;

  const graph: Graph = {
    pointer,
    operations,
    indexOf: (operation) => indices.get(operation)!,
    gradients: [],
    phase: 'input',
    add(type, inputs, attributes, controls = []) {
      checkOpen();
      const foreign = inputs.find((node) => node.graph !== graph);
      if (foreign) throw new Error(`an input of ${type} (a ${foreign.type}) belongs to another session`);
      const def = definitionOf(type);
      const flat = widen(inputs, def, attributes);
      const name = nameOf(type);
      const description: Pointer = c.NewOperation(pointer, type, name);
      for (const group of groupInputs(def, flat, listLengths(attributes))) {
        if (!Array.isArray(group)) c.AddInput(description, group.output);
        else
          c.AddInputList(
            description,
            group.map((node) => node.output),
            group.length,
          );
      }
      for (const control of controls) c.AddControlInput(description, control);
      if (graph.device) c.SetDevice(description, graph.device);
      setAttributes(description, def, attributes);
      const operation: Pointer = checked(type, (status) => c.FinishOperation(description, status));
      return { operation, outputs: record(operation, name, type, flat, controls) };
    },
    constant(value) {
      checkOpen();
      const key = sizeOf(value.shape) > SHARED_CONSTANT_ELEMENTS ? '' : `${value.dtype}|${value.shape}|${value.data}`;
      const shared = key ? constants.get(key) : undefined;
      if (shared) return shared;
      const node = addConstant(value);
      if (key) constants.set(key, node);
      return node;
    },
    close() {
      closed = true;
      for (const id of ids) registry.delete(id);
      c.DeleteGraph(pointer);
    },
  };

  function checkOpen(): void {
    if (closed) throw new Error(SESSION_CLOSED);
  }

  function definitionOf(type: string): OpDef {
    const known = definitions.get(type) ?? opDefOf(c, pointer, type);
    definitions.set(type, known);
    return known;
  }

  const nameOf = (type: string) => `${graph.phase}/${type}_${operations.length}`;

  function record(
    operation: Pointer,
    name: string,
    type: string,
    inputs: readonly Node[],
    controls: readonly Pointer[],
  ): Node[] {
    const index = operations.length;
    const count: number = c.OperationNumOutputs(operation);
    indices.set(operation, index);
    operations.push({
      ...{ index, name, type, phase: graph.phase, outputs: [] },
      inputs: inputs.map((node) => ({ operation: node.operation, output: node.output.index })),
      controls: controls.map((control) => indices.get(control)!),
    });
    const outputs = Array.from({ length: count }, (_, i) => register({ oper: operation, index: i }, type, index));
    operations[index].outputs = outputs.map(({ shape, dataType }) => ({ shape, dataType }));
    return outputs;
  }

  function register(output: Output, type: string, operation: number): Node {
    const node = {
      id: nextId++,
      type,
      graph,
      operation,
      output,
      shape: shapeOf(c, pointer, output, type),
      dataType: c.OperationOutputType(output),
    };
    registry.set(node.id, node);
    ids.push(node.id);
    return node;
  }

  /** Where float32 meets a narrower float in one op, the narrower is widened, as NumPy would. */
  function widen(inputs: readonly Node[], def: OpDef, attributes: readonly Attribute[]): Node[] {
    const widths = new Set(inputs.map((node) => node.dataType).filter(isFloat));
    if (widths.size < 2) return [...inputs];
    const groups = groupInputs(
      def,
      inputs.map((node) => ({ node })),
      listLengths(attributes),
    );
    const mixed = new Map<string, Set<number>>();
    groups.forEach((group, i) => {
      const attr = def.inputs[i].typeAttr;
      if (!attr) return;
      const types = mixed.get(attr) ?? new Set<number>();
      for (const { node } of [group].flat()) types.add(node.dataType);
      mixed.set(attr, types);
    });
    return groups.flatMap((group, i) => {
      const widened = (mixed.get(def.inputs[i].typeAttr)?.size ?? 0) > 1;
      return [group].flat().map(({ node }) => (widened && node.dataType !== DT.FLOAT ? cast(node, DT.FLOAT) : node));
    });
  }

  const cast = (node: Node, dataType: number): Node => graph.add('Cast', [node], castTo(dataType)).outputs[0];

  function addConstant(value: HostTensor): Node {
    const name = nameOf('Const');
    const description: Pointer = c.NewOperation(pointer, 'Const', name);
    const tensor = toNative(value);
    try {
      c.SetAttrType(description, 'dtype', dataTypeOf(value.dtype));
      checked('Const', (status) => c.SetAttrTensor(description, 'value', tensor, status));
      const operation: Pointer = checked('Const', (status) => c.FinishOperation(description, status));
      return record(operation, name, 'Const', [], [])[0];
    } finally {
      c.DeleteTensor(tensor);
    }
  }

  return graph;
}

function shapeOf(c: CApi, graph: Pointer, output: Output, type: string): number[] {
  const rank: number = checked(type, (status) => c.GraphGetTensorNumDims(graph, output, status));
  if (rank === 0) return [];
  const dims = new BigInt64Array(Math.max(rank, 0));
  if (rank > 0) checked(type, (status) => c.GraphGetTensorShape(graph, output, dims, rank, status));
  return rank < 0 ? [-1] : Array.from(dims, Number);
}
