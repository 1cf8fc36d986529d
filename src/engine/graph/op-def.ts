import { readFields, textOf } from '../../io/protobuf/fields.js';
import { bufferBytes, type CApi, checked, type Pointer } from './c-api.js';

/** One formal input of an op (OpDef.ArgDef): a single tensor or a list whose length or types are an attribute. */
export interface InputDef {
  name: string;
  /** Attribute that holds the element type, or '' when the type is fixed or heterogeneous. */
  typeAttr: string;
  /** Attribute that holds the length of a homogeneous list, or ''. */
  numberAttr: string;
  /** Attribute that holds the types of a heterogeneous list, or ''. */
  typeListAttr: string;
}

/** The part of TensorFlow's own definition of an op that the engine needs. */
export interface OpDef {
  name: string;
  inputs: InputDef[];
  outputs: number;
  stateful: boolean;
  /** Attributes TensorFlow infers from the inputs; they are never set by hand, so they cannot disagree with the graph. */
  inferred: Set<string>;
}

/** Parses an OpDef message (tensorflow/core/framework/op_def.proto). */
export function parseOpDef(message: Uint8Array): OpDef {
  const inputs: InputDef[] = [];
  const def: OpDef = { name: '', inputs, outputs: 0, stateful: false, inferred: new Set() };
  for (const field of readFields(message)) {
    if (field.number === 1) def.name = textOf(field);
    else if (field.number === 2) inputs.push(parseInput(field.bytes!));
    else if (field.number === 3) def.outputs++;
    else if (field.number === 17) def.stateful = field.varint === 1n;
  }
  for (const input of inputs) {
    for (const attr of [input.typeAttr, input.numberAttr, input.typeListAttr]) if (attr) def.inferred.add(attr);
  }
  return def;
}

function parseInput(message: Uint8Array): InputDef {
  const input: InputDef = { name: '', typeAttr: '', numberAttr: '', typeListAttr: '' };
  for (const field of readFields(message)) {
    if (field.number === 1) input.name = textOf(field);
    else if (field.number === 4) input.typeAttr = textOf(field);
    else if (field.number === 5) input.numberAttr = textOf(field);
    else if (field.number === 6) input.typeListAttr = textOf(field);
  }
  return input;
}

/** The definition of a registered op; throws when the library has no such op. */
export function opDefOf(c: CApi, graph: Pointer, type: string): OpDef {
  const buffer = c.NewBuffer();
  try {
    checked(type, (status) => c.GraphGetOpDef(graph, type, buffer, status));
    return parseOpDef(bufferBytes(buffer));
  } finally {
    c.DeleteBuffer(buffer);
  }
}

/**
 * Sorts a flat list of inputs into the op's formal ones. TensorFlow.js passes lists flat, with their length in an attribute
 * (or implied, when there is one list only).
 */
export function groupInputs<T>(def: OpDef, flat: T[], lengths: Map<string, number>): (T | T[])[] {
  const isList = (input: InputDef) => input.numberAttr !== '' || input.typeListAttr !== '';
  const lists = def.inputs.filter(isList).length;
  const implied = flat.length - (def.inputs.length - lists);
  let at = 0;
  const groups = def.inputs.map((input) => {
    if (!isList(input)) return flat[at++];
    const length = lists === 1 ? implied : lengths.get(input.numberAttr || input.typeListAttr);
    if (length === undefined) throw new Error(`${def.name}: the length of its list '${input.name}' is missing`);
    at += length;
    return flat.slice(at - length, at);
  });
  if (at !== flat.length || groups.includes(undefined as T)) {
    throw new Error(`${def.name} takes ${def.inputs.map((input) => input.name).join(', ')}; got ${flat.length} inputs`);
  }
  return groups;
}
