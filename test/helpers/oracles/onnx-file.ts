import { type Field, intOf, readFields, textOf } from '../../../src/io/protobuf/fields.js';

// Reads ONNX files by the field numbers of onnx.proto, for tests.

export interface NaiveArray {
  shape: number[];
  data: number[];
  /** Of an integer type: division drops what is left. */
  whole?: boolean;
}

export interface FileNode {
  type: string;
  inputs: string[];
  outputs: string[];
  /** Integers, a float, or a text. */
  attributes: Record<string, number | number[] | string>;
}

export interface OnnxFile {
  opset: number;
  nodes: FileNode[];
  tensors: Map<string, NaiveArray>;
  /** Types of elements by tensor. */
  elements: Map<string, number>;
  inputs: { name: string; dims: (number | string)[] }[];
  outputs: { name: string; dims: (number | string)[] }[];
  metadata: Record<string, string>;
}

export function readOnnx(bytes: Uint8Array): OnnxFile {
  const model = all(bytes);
  const graph = all(model.find(({ number }) => number === 7)!.bytes!);
  const of = (number: number) => graph.filter((field) => field.number === number).map(({ bytes }) => all(bytes!));
  const tensors = of(5).map(tensorOf);
  return {
    opset: intOf(all(model.find(({ number }) => number === 8)!.bytes!).find(({ number }) => number === 2)!),
    nodes: of(1).map(nodeOf),
    tensors: new Map(tensors.map(({ name, array }) => [name, array])),
    elements: new Map(tensors.map(({ name, element }) => [name, element])),
    inputs: of(11).map(portOf),
    outputs: of(12).map(portOf),
    metadata: Object.fromEntries(
      model
        .filter(({ number }) => number === 14)
        .map(({ bytes }) => {
          const [key, value] = all(bytes!).map(textOf);
          return [key, value];
        }),
    ),
  };
}

const all = (bytes: Uint8Array): Field[] => [...readFields(bytes)];
const texts = (fields: Field[], number: number) => fields.filter((field) => field.number === number).map(textOf);
const integers = (fields: Field[], number: number) => fields.filter((field) => field.number === number).map(intOf);

function nodeOf(fields: Field[]): FileNode {
  const attributes = fields.filter(({ number }) => number === 5).map(({ bytes }) => attributeOf(all(bytes!)));
  return {
    type: texts(fields, 4)[0],
    inputs: texts(fields, 1),
    outputs: texts(fields, 2),
    attributes: Object.fromEntries(attributes),
  };
}

function attributeOf(fields: Field[]): [string, number | number[] | string] {
  const [name] = texts(fields, 1);
  const [type] = integers(fields, 20);
  if (type === 1)
    return [
      name,
      new DataView(Uint8Array.from(fields.find(({ number }) => number === 2)!.bytes!).buffer).getFloat32(0, true),
    ];
  if (type === 2) return [name, integers(fields, 3)[0]];
  if (type === 3) return [name, texts(fields, 4)[0]];
  return [name, integers(fields, 8)];
}

function tensorOf(fields: Field[]): { name: string; element: number; array: NaiveArray } {
  const [element] = integers(fields, 2);
  const bytes = Uint8Array.from(fields.find(({ number }) => number === 9)!.bytes!);
  return {
    name: texts(fields, 8)[0],
    element,
    array: { shape: integers(fields, 1), data: valuesOf(element, bytes), whole: isWhole(element) },
  };
}

/** int32 and int64. */
export const isWhole = (element: number): boolean => element === 6 || element === 7;

function valuesOf(element: number, { buffer }: Uint8Array<ArrayBuffer>): number[] {
  if (element === 1) return Array.from(new Float32Array(buffer));
  if (element === 3) return Array.from(new Int8Array(buffer));
  if (element === 6) return Array.from(new Int32Array(buffer));
  if (element === 7) return Array.from(new BigInt64Array(buffer), Number);
  if (element === 9) return Array.from(new Uint8Array(buffer));
  if (element === 10) return Array.from(new Uint16Array(buffer), halfValue);
  throw new Error(`element type ${element}`);
}

/** IEEE 754 half precision: a sign, five bits of exponent, ten of fraction. */
function halfValue(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const size = exponent === 0 ? (bits & 1023) * 2 ** -24 : (1 + (bits & 1023) / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

function portOf(fields: Field[]): { name: string; dims: (number | string)[] } {
  const tensor = all(all(fields.find(({ number }) => number === 2)!.bytes!)[0].bytes!);
  const shape = all(tensor.find(({ number }) => number === 2)!.bytes!);
  const dims = shape.map(({ bytes }) => {
    const [dim] = all(bytes!);
    return dim.number === 1 ? intOf(dim) : textOf(dim);
  });
  return { name: texts(fields, 1)[0], dims };
}

/** What a node does to its inputs. */
export type Operator = (inputs: NaiveArray[], node: FileNode) => NaiveArray | NaiveArray[];
