import { float32, type HostTensor, int32 } from '../../host-tensor.js';
import { castTo, intAttr, typeAttr } from '../graph/attributes.js';
import { DT } from '../graph/data-types.js';
import type { Graph, Node } from '../graph/graph.js';
import { dataTypeOfTensor, raw } from '../raw.js';
import type { Tensor } from '../tf.js';
import { currentTrace } from '../trace.js';
import type { CodeBook } from './dynamic-tree-codes.js';

/** The values of uint8 `codes`, float32 of the same shape. */
export const decode = (codes: Tensor, { values }: CodeBook): Tensor =>
  lookUp(values, raw('Cast', [codes], castTo(DT.INT32))[0]);

/**
 * The uint8 codes of the values nearest to `x`, which lies in [-1, 1] (in [0, 1] for an unsigned book). Exact: the top bits of a
 * float name a bucket with at most one boundary between two codes, and what the bucket's table entry adds to the bits carries
 * over at that boundary.
 */
export function encode(x: Tensor, { addends, shift, signed }: CodeBook): Tensor {
  const bits = bitcast(x, DT.UINT32);
  const addend = lookUp(addends, bitcast(shiftRight(bits, shift), DT.INT32));
  // As uint32: a sum of int32 is computed on the host where there is a GPU.
  const [sum] = raw('AddV2', [bits, bitcast(addend, DT.UINT32)]);
  const code = bitcast(shiftRight(sum, shift), DT.INT32);
  // The sign spread over all bits: codes of negative numbers come as complements.
  const turned = signed ? raw('BitwiseXor', [code, shiftRight(bitcast(x, DT.INT32), 31)])[0] : code;
  return raw('Cast', [turned], castTo(DT.UINT8))[0];
}

const bitcast = (x: Tensor, dataType: number): Tensor => raw('Bitcast', [x], [typeAttr('type', dataType)])[0];

/** Fills with the sign for int32, with zeros for uint32. */
function shiftRight(x: Tensor, places: number): Tensor {
  const count = currentTrace().graph.constant(int32(places));
  const [amount] = raw('Bitcast', [count], [typeAttr('type', dataTypeOfTensor(x))]);
  return raw('RightShift', [x, amount])[0];
}

const lookUp = (table: Float32Array | Int32Array, indices: Tensor): Tensor =>
  raw('GatherV2', [constantOf(table), indices, currentTrace().graph.constant(int32(0))], [intAttr('batch_dims', 0)])[0];

const constants = new WeakMap<Graph, Map<Float32Array | Int32Array, Node>>();

/** A graph holds each table once, however many tensors are coded. */
function constantOf(table: Float32Array | Int32Array): Node {
  const { graph } = currentTrace();
  const known = constants.get(graph) ?? new Map<Float32Array | Int32Array, Node>();
  constants.set(graph, known);
  const value: HostTensor = table instanceof Float32Array ? float32(table) : int32(table);
  const node = known.get(table) ?? graph.constant(value);
  known.set(table, node);
  return node;
}
