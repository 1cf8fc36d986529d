import type { DType, HostTensor } from '../host-tensor.js';
import { float, integer, type Message, message, nested, text } from '../io/protobuf/message.js';

// The messages of ONNX (onnx/onnx.proto), as much of them as an exported network needs.

/** Element types of ONNX. */
export const ELEMENT = { FLOAT: 1, UINT8: 2, INT8: 3, INT32: 6, INT64: 7, BOOL: 9, FLOAT16: 10 } as const;

const OF_HOST: Partial<Record<DType, number>> = {
  float32: ELEMENT.FLOAT,
  uint8: ELEMENT.UINT8,
  int32: ELEMENT.INT32,
  int64: ELEMENT.INT64,
  bool: ELEMENT.BOOL,
};

/** The ONNX type of a host element type; undefined where there is none that is needed. */
export const elementOf = (dtype: DType): number | undefined => OF_HOST[dtype];

/** A value of a node's attribute; a whole number is an integer, `{ float }` a float. */
export type OnnxAttribute = number | string | readonly number[] | { float: number };

export interface OnnxNode {
  type: string;
  name: string;
  /** Names of values; an optional input that is left out is ''. */
  inputs: string[];
  outputs: string[];
  attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A constant of the graph: its bytes as they stand in the file, little-endian. */
export interface OnnxTensor {
  name: string;
  element: number;
  dims: readonly number[];
  data: Uint8Array;
}

/** A graph's input or output; a dimension with a name is free. */
export interface OnnxPort {
  name: string;
  element: number;
  dims: readonly (number | string)[];
}

export interface OnnxModel {
  opset: number;
  producer: { name: string; version: string };
  graph: { name: string; nodes: OnnxNode[]; tensors: OnnxTensor[]; inputs: OnnxPort[]; outputs: OnnxPort[] };
  metadata: Readonly<Record<string, string>>;
}

/** Version of the file format that goes with opset 14. */
const IR_VERSION = 7;

/** The file's content. */
export function modelMessage({ opset, producer, graph, metadata }: OnnxModel): Message {
  return message(
    integer(1, IR_VERSION),
    text(2, producer.name),
    text(3, producer.version),
    nested(7, graphMessage(graph)),
    nested(8, message(text(1, ''), integer(2, opset))),
    ...Object.entries(metadata).map(([key, value]) => nested(14, message(text(1, key), text(2, value)))),
  );
}

function graphMessage({ name, nodes, tensors, inputs, outputs }: OnnxModel['graph']): Message {
  return message(
    ...nodes.map((node) => nested(1, nodeMessage(node))),
    text(2, name),
    ...tensors.map((tensor) => nested(5, tensorMessage(tensor))),
    ...inputs.map((port) => nested(11, portMessage(port))),
    ...outputs.map((port) => nested(12, portMessage(port))),
  );
}

function nodeMessage({ type, name, inputs, outputs, attributes }: OnnxNode): Message {
  return message(
    ...inputs.map((input) => text(1, input)),
    ...outputs.map((output) => text(2, output)),
    text(3, name),
    text(4, type),
    ...Object.entries(attributes).map(([key, value]) => nested(5, attributeMessage(key, value))),
  );
}

function attributeMessage(name: string, value: OnnxAttribute): Message {
  if (typeof value === 'number') return message(text(1, name), integer(3, value), integer(20, 2));
  if (typeof value === 'string') return message(text(1, name), text(4, value), integer(20, 3));
  if ('float' in value) return message(text(1, name), float(2, value.float), integer(20, 1));
  return message(text(1, name), ...value.map((item) => integer(8, item)), integer(20, 7));
}

const tensorMessage = ({ name, element, dims, data }: OnnxTensor): Message =>
  message(...dims.map((dim) => integer(1, dim)), integer(2, element), text(8, name), nested(9, data));

function portMessage({ name, element, dims }: OnnxPort): Message {
  const shape = message(...dims.map((dim) => nested(1, typeof dim === 'number' ? integer(1, dim) : text(2, dim))));
  return message(text(1, name), nested(2, nested(1, message(integer(1, element), nested(2, shape)))));
}

/** A host tensor's bytes. */
export const bytesOf = ({ data }: HostTensor): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
