import { beyondCApi, bufferBytes, cApi, checked } from '../../../src/engine/graph/c-api.js';
import type { Graph } from '../../../src/engine/graph/graph.js';
import type { OperationRecord } from '../../../src/engine/graph/operation-record.js';
import { intOf, readFields, textOf } from '../../../src/io/protobuf/fields.js';

/** Attributes of a node that choose its kernel and the lengths of its lists, defaults and inferred ones included. */
export interface NodeAttributes {
  /** A type, or a list of types, in TensorFlow's numbers. */
  types: Record<string, number[]>;
  numbers: Record<string, number>;
}

/** An operation as TensorFlow has it. */
export interface GraphNode extends OperationRecord {
  /** Where it must run; '' where TensorFlow chooses. */
  device: string;
  given: NodeAttributes;
}

/** Every operation of a graph, in order of creation. */
export function graphNodes(graph: Graph): GraphNode[] {
  const definitions = new Map([...readFields(graphDef(graph))].filter(({ number }) => number === 1).map(nodeOf));
  return graph.operations.map((record) => ({ ...record, ...definitions.get(record.name)! }));
}

function graphDef(graph: Graph): Uint8Array {
  const c = cApi();
  const toGraphDef = beyondCApi('void TF_GraphToGraphDef(void* graph, void* buffer, void* status)')!;
  const buffer = c.NewBuffer();
  try {
    checked('GraphToGraphDef', (status) => toGraphDef(graph.pointer, buffer, status));
    return bufferBytes(buffer);
  } finally {
    c.DeleteBuffer(buffer);
  }
}

type Field = ReturnType<typeof readFields> extends Generator<infer F> ? F : never;

/** A NodeDef (tensorflow/core/framework/node_def.proto): name 1, device 4, attributes 5. */
function nodeOf(field: Field): [string, Pick<GraphNode, 'device' | 'given'>] {
  let [name, device] = ['', ''];
  const given: NodeAttributes = { types: {}, numbers: {} };
  for (const part of readFields(field.bytes!)) {
    if (part.number === 1) name = textOf(part);
    else if (part.number === 4) device = textOf(part);
    else if (part.number === 5) addAttribute(given, part.bytes!);
  }
  return [name, { device, given }];
}

/** An AttrValue (attr_value.proto): list 1, i 3, type 6. */
function addAttribute(given: NodeAttributes, entry: Uint8Array): void {
  const [key, value] = [...readFields(entry)];
  const name = textOf(key);
  for (const part of readFields(value.bytes!)) {
    if (part.number === 3) given.numbers[name] = intOf(part);
    else if (part.number === 6) given.types[name] = [intOf(part)];
    else if (part.number === 1) {
      const types = [...readFields(part.bytes!)].filter(({ number }) => number === 6);
      // Types are below 128: one byte each, where they are packed.
      if (types.length > 0) given.types[name] = types.flatMap((type) => (type.bytes ? [...type.bytes] : [intOf(type)]));
    }
  }
}
