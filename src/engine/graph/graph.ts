import { type HostTensor, sizeOf } from '../../host-tensor.js';
import { type Attribute, castTo, listLengths, setAttributes } from './attributes.js';
import { type CApi, cApi, checked, type Output, type Pointer } from './c-api.js';
import { DT, dataTypeOf } from './data-types.js';
import { groupInputs, type OpDef, opDefOf } from './op-def.js';
import type { GradientRecord, OperationRecord, Phase } from './operation-record.js';
import { toNative } from './tensor-transfer.js';
import { inputsToWiden } from './widen.js';

/** One output of an operation; a traced tensor stands for one. */
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
  /** An output of an operation, by that operation's place. */
  outputOf(operation: number, output: number): Node;
  /** Every gradient of a variable taken so far. */
  readonly gradients: GradientRecord[];
  /** The part of the function being traced; the first part of every new operation's name. */
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

/** A graph under construction and the tables that go with it. */
interface Construction {
  c: CApi;
  graph: Graph;
  operations: OperationRecord[];
  /** Outputs of each operation, by its place. */
  nodes: Node[][];
  /** Place of each operation among them. */
  indices: Map<Pointer, number>;
  /** Definitions of ops by type. */
  definitions: Map<string, OpDef>;
  /** Small constants by device, type, shape and values. */
  constants: Map<string, Node>;
  /** Ids of the graph's nodes in the registry. */
  ids: number[];
  closed: boolean;
}

export function createGraph(): Graph {
  const c = cApi();
  const operations: OperationRecord[] = [];
  const nodes: Node[][] = [];
  const indices = new Map<Pointer, number>();
  const graph: Graph = {
    pointer: c.NewGraph(),
    operations,
    indexOf: (operation) => indices.get(operation)!,
    outputOf: (operation, output) => nodes[operation][output],
    gradients: [],
    phase: 'input',
    add: (type, inputs, attributes, controls = []) => addOperation(construction, type, inputs, attributes, controls),
    constant: (value) => sharedConstant(construction, value),
    close() {
      construction.closed = true;
      for (const id of construction.ids) registry.delete(id);
      c.DeleteGraph(graph.pointer);
    },
  };
  const construction: Construction = {
    c,
    graph,
    operations,
    nodes,
    indices,
    definitions: new Map(),
    constants: new Map(),
    ids: [],
    closed: false,
  };
  return graph;
}

function checkOpen({ closed }: Construction): void {
  if (closed) throw new Error(SESSION_CLOSED);
}

function addOperation(
  construction: Construction,
  type: string,
  inputs: readonly Node[],
  attributes: readonly Attribute[],
  controls: readonly Pointer[],
): Added {
  checkOpen(construction);
  const { c, graph } = construction;
  const foreign = inputs.find((node) => node.graph !== graph);
  if (foreign) throw new Error(`an input of ${type} (a ${foreign.type}) belongs to another session`);
  const def = definitionOf(construction, type);
  const lengths = listLengths(attributes);
  const widen = inputsToWiden(
    def,
    inputs.map(({ dataType }) => dataType),
    lengths,
  );
  const nodes = inputs.map((node, i) => (widen[i] ? graph.add('Cast', [node], castTo(DT.FLOAT)).outputs[0] : node));
  const name = nextName(construction, type);
  const description: Pointer = c.NewOperation(graph.pointer, type, name);
  for (const group of groupInputs(def, nodes, lengths)) addInput(c, description, group);
  for (const control of controls) c.AddControlInput(description, control);
  if (graph.device) c.SetDevice(description, graph.device);
  setAttributes(description, def, attributes);
  const operation: Pointer = checked(type, (status) => c.FinishOperation(description, status));
  return {
    operation,
    outputs: recordOperation(construction, operation, { name, type, inputs: nodes, controls, attributes }),
  };
}

function addInput(c: CApi, description: Pointer, input: Node | Node[]): void {
  if (!Array.isArray(input)) return void c.AddInput(description, input.output);
  const outputs = input.map((node) => node.output);
  c.AddInputList(description, outputs, outputs.length);
}

function definitionOf({ c, graph, definitions }: Construction, type: string): OpDef {
  const definition = definitions.get(type) ?? opDefOf(c, graph.pointer, type);
  definitions.set(type, definition);
  return definition;
}

const nextName = ({ graph, operations }: Construction, type: string): string =>
  `${graph.phase}/${type}_${operations.length}`;

/** Notes a finished operation; returns the nodes of its outputs. */
function recordOperation(
  construction: Construction,
  operation: Pointer,
  added: {
    name: string;
    type: string;
    inputs: readonly Node[];
    controls: readonly Pointer[];
    attributes: readonly Attribute[];
    value?: HostTensor;
  },
): Node[] {
  const { c, graph, operations, indices } = construction;
  const { name, type, inputs, controls, attributes, value } = added;
  const index = operations.length;
  indices.set(operation, index);
  const record: OperationRecord = {
    index,
    name,
    type,
    phase: graph.phase,
    inputs: inputs.map((node) => ({ operation: node.operation, output: node.output.index })),
    controls: controls.map((control) => indices.get(control)!),
    outputs: [],
    attributes,
    value,
  };
  operations.push(record);
  const count: number = c.OperationNumOutputs(operation);
  const nodes = Array.from({ length: count }, (_, i) =>
    registerNode(construction, { oper: operation, index: i }, type, index),
  );
  construction.nodes.push(nodes);
  record.outputs = nodes.map(({ shape, dataType }) => ({ shape, dataType }));
  return nodes;
}

function registerNode({ c, graph, ids }: Construction, output: Output, type: string, operation: number): Node {
  const node: Node = {
    id: nextId++,
    type,
    graph,
    operation,
    output,
    shape: shapeOf(c, graph.pointer, output, type),
    dataType: c.OperationOutputType(output),
  };
  registry.set(node.id, node);
  ids.push(node.id);
  return node;
}

function sharedConstant(construction: Construction, value: HostTensor): Node {
  checkOpen(construction);
  const { constants } = construction;
  if (sizeOf(value.shape) > SHARED_CONSTANT_ELEMENTS) return addConstant(construction, value);
  const { device = '' } = construction.graph;
  const key = `${device}|${value.dtype}|${value.shape}|${value.data}`;
  const node = constants.get(key) ?? addConstant(construction, value);
  constants.set(key, node);
  return node;
}

function addConstant(construction: Construction, value: HostTensor): Node {
  const { c, graph } = construction;
  const name = nextName(construction, 'Const');
  const description: Pointer = c.NewOperation(graph.pointer, 'Const', name);
  if (graph.device) c.SetDevice(description, graph.device);
  const tensor = toNative(value);
  try {
    c.SetAttrType(description, 'dtype', dataTypeOf(value.dtype));
    checked('Const', (status) => c.SetAttrTensor(description, 'value', tensor, status));
    const operation: Pointer = checked('Const', (status) => c.FinishOperation(description, status));
    return recordOperation(construction, operation, {
      name,
      type: 'Const',
      inputs: [],
      controls: [],
      attributes: [],
      value,
    })[0];
  } finally {
    c.DeleteTensor(tensor);
  }
}

function shapeOf(c: CApi, graph: Pointer, output: Output, type: string): number[] {
  const rank: number = checked(type, (status) => c.GraphGetTensorNumDims(graph, output, status));
  if (rank === 0) return [];
  const dims = new BigInt64Array(Math.max(rank, 0));
  if (rank > 0) checked(type, (status) => c.GraphGetTensorShape(graph, output, dims, rank, status));
  return rank < 0 ? [-1] : Array.from(dims, Number);
}
