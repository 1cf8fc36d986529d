import { UserError } from '../errors.js';
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

function asHalf(tensor: OnnxTensor): Narrowed {
  const { name, dims } = tensor;
  const data = bytesOf({ dtype: 'bfloat16', shape: [...dims], data: Uint16Array.from(floatsOf(tensor), toHalf) });
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

const bits = new DataView(new ArrayBuffer(4));

/** The 16 bits of the nearest half-precision number, of two the even one. @throws UserError beyond 65504 */
function toHalf(value: number): number {
  if (!(Math.abs(value) < 65520)) {
    throw new UserError(`A weight of ${value} does not fit into float16. Export with --weights float32.`);
  }
  bits.setFloat32(0, value);
  const sign = (bits.getUint32(0) >>> 16) & 0x8000;
  const size = Math.abs(value);
  // Below 2^-14 halves are 2^-24 apart.
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  const scaled = roundEven(size * 2 ** (10 - exponent));
  return sign | ((exponent + 14) * 1024 + scaled);
}

function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
