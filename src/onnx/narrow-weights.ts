import { UserError } from '../errors.js';
import { fitsFloat16, toFloat16 } from '../float-types.js';
import { float32 } from '../host-tensor.js';
import { bytesOf, ELEMENT, type OnnxNode, type OnnxTensor } from './proto.js';

/** How large weights are stored; all are computed with as float32. */
export type WeightType = 'float32' | 'float16' | 'int8';

/** Smaller tensors stay as they are: they weigh nothing. */
const LEAST_ELEMENTS = 1024;

/** Nodes and tensors with the large weights of convolutions and products stored narrower, and widened when the graph is loaded. */
export function narrowWeights(
  { nodes, tensors }: { nodes: readonly OnnxNode[]; tensors: readonly OnnxTensor[] },
  type: Exclude<WeightType, 'float32'>,
): { nodes: OnnxNode[]; tensors: OnnxTensor[] } {
  const axes = new Map<string, number>();
  for (const { type, inputs } of nodes) {
    // Outputs are the first axis of a convolution's weight, the last of a product's.
    if (type === 'Conv') axes.set(inputs[1], 0);
    if (type === 'MatMul') axes.set(inputs[1], 1);
  }
  const wideners: OnnxNode[] = [];
  const narrowed = tensors.flatMap((tensor) => {
    const axis = axes.get(tensor.name);
    const elements = tensor.data.length / Float32Array.BYTES_PER_ELEMENT;
    if (axis === undefined || tensor.element !== ELEMENT.FLOAT || elements < LEAST_ELEMENTS) return [tensor];
    const { parts, node } = type === 'float16' ? asHalf(tensor) : asInt8(tensor, axis);
    wideners.push(node);
    return parts;
  });
  return { nodes: [...wideners, ...nodes], tensors: narrowed };
}

const floatsOf = ({ data }: OnnxTensor): Float32Array =>
  new Float32Array(data.buffer, data.byteOffset, data.byteLength / Float32Array.BYTES_PER_ELEMENT);

interface Narrowed {
  parts: OnnxTensor[];
  node: OnnxNode;
}

/** @throws UserError for a weight that is beyond the range of float16 */
function asHalf(tensor: OnnxTensor): Narrowed {
  const { name, dims } = tensor;
  const values = floatsOf(tensor);
  const beyond = values.find((value) => !fitsFloat16(value));
  if (beyond !== undefined)
    throw new UserError(`A weight of ${beyond} does not fit into float16. Export with --weights float32.`);
  const data = bytesOf(toFloat16(float32(values)));
  const stored = `${name}/float16`;
  return {
    parts: [{ name: stored, element: ELEMENT.FLOAT16, dims, data }],
    node: { type: 'Cast', name, inputs: [stored], outputs: [name], attributes: { to: ELEMENT.FLOAT } },
  };
}

/** Symmetric, with one scale for each output. */
function asInt8(tensor: OnnxTensor, axis: number): Narrowed {
  const { name, dims } = tensor;
  const values = floatsOf(tensor);
  const outputs = dims[axis];
  const outputOf = (i: number) => (axis === 0 ? Math.floor((i * outputs) / values.length) : i % outputs);
  const scales = new Float32Array(outputs);
  values.forEach((value, i) => {
    scales[outputOf(i)] = Math.max(scales[outputOf(i)], Math.abs(value) / 127);
  });
  const codes = Int8Array.from(values, (value, i) => Math.round(value / (scales[outputOf(i)] || 1)));
  const [stored, scale] = [`${name}/int8`, `${name}/scale`];
  return {
    parts: [
      { name: stored, element: ELEMENT.INT8, dims, data: new Uint8Array(codes.buffer) },
      { name: scale, element: ELEMENT.FLOAT, dims: [outputs], data: new Uint8Array(scales.buffer) },
    ],
    node: { type: 'DequantizeLinear', name, inputs: [stored, scale], outputs: [name], attributes: { axis } },
  };
}
