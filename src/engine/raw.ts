import type { DType } from '../host-tensor.js';
import { kernelBackend, nodeOf, tensorflow } from './backend.js';
import { type Attribute, castTo, typeAttr } from './graph/attributes.js';
import type { Pointer } from './graph/c-api.js';
import { DT, dataTypeOf, tfjsTypeOf } from './graph/data-types.js';
import type { Node } from './graph/graph.js';
import type { Tensor } from './tf.js';
import { currentTrace } from './trace.js';

/** Wraps a node as a tensor that lives until the trace ends, whatever tidy scopes close. */
export function tensorOf(node: Node): Tensor {
  const tensor = tensorflow.keep(handleOf(node));
  currentTrace().kept.push(tensor);
  return tensor;
}

const handleOf = (node: Node): Tensor =>
  kernelBackend().createOutputTensor({ id: node.id, shape: node.shape, dtype: tfjsTypeOf(node.dataType) });

/** Adds a TensorFlow op by name; the result has no gradient unless it is made inside a customGrad. */
export function raw(type: string, inputs: readonly (Tensor | Node)[], attributes: readonly Attribute[] = []): Tensor[] {
  return rawOperation(type, inputs, attributes).outputs.map(handleOf);
}

/** As `raw`, for ops without outputs or whose operation is needed as a control input. */
export function rawOperation(
  type: string,
  inputs: readonly (Tensor | Node)[],
  attributes: readonly Attribute[] = [],
): { operation: Pointer; outputs: Node[] } {
  const trace = currentTrace();
  const nodes = inputs.map((input) => ('output' in input ? input : nodeOf(input)));
  return trace.graph.add(type, nodes, attributes, trace.controls);
}

/** The real element type of a tensor; TensorFlow.js calls bfloat16 'float32'. */
export const dataTypeOfTensor = (tensor: Tensor): number => nodeOf(tensor).dataType;

/** Converts to another element type; differentiable between float types. */
export function cast(tensor: Tensor, dtype: DType): Tensor {
  return castToDataType(tensor, dataTypeOf(dtype));
}

function castToDataType(tensor: Tensor, to: number): Tensor {
  const from = dataTypeOfTensor(tensor);
  if (from === to) return tensor;
  const convert = (x: Tensor, type: number) => raw('Cast', [x], castTo(type))[0];
  if (to !== DT.FLOAT && to !== DT.BFLOAT16) return convert(tensor, to);
  return tensorflow.customGrad((x) => ({
    value: convert(x as Tensor, to),
    gradFunc: (dy: Tensor) => castToDataType(dy, from),
  }))(tensor);
}

/** Widens to float32, as reductions and losses want it under bfloat16 compute. */
export const toFloat32 = (tensor: Tensor): Tensor => cast(tensor, 'float32');

/** Attribute `T` of a tensor's real type, for ops whose type is not inferred. */
export const typeOf = (name: string, tensor: Tensor): Attribute => typeAttr(name, dataTypeOfTensor(tensor));
