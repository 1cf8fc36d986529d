import { bytesPerElement, type HostData, sizeOf, viewOf } from '../host-tensor.js';
import type { Attribute } from './graph/attributes.js';
import { DT, hostTypeOf, tfjsTypeOf } from './graph/data-types.js';
import { nodeById } from './graph/graph.js';
import { withHostConstants } from './host-constants.js';
import { currentTrace } from './trace.js';

/** An output of an operation, as TensorFlow.js needs to know it. */
export interface OutputInfo {
  id: number;
  shape: number[];
  dtype: number;
}

// Each of these draws numbers in JavaScript. Traced, they would become constants: the same noise at every step, in silence.
const JAVASCRIPT_RANDOM =
  /^(randomNormal|randomStandardNormal|randomUniform|randomUniformInt|randomGamma|truncatedNormal|dropout|rand)_$/;
// Stateful ops keep numbers of their own: a resumed run would not repeat them.
const STATEFUL_RANDOM = /^(Random|Multinomial|TruncatedNormal|Parameterized)/;

/**
 * The interface of tfjs-node's native binding, except that executing an op adds a node to the graph being traced. TensorFlow's
 * own shape inference answers with shape and type, so ordinary TensorFlow.js code traces into a graph.
 */
export const graphBinding = {
  TF_FLOAT: DT.FLOAT,
  TF_INT32: DT.INT32,
  TF_INT64: DT.INT64,
  TF_BOOL: DT.BOOL,
  TF_COMPLEX64: DT.COMPLEX64,
  TF_STRING: DT.STRING,
  TF_RESOURCE: DT.RESOURCE,
  TF_UINT8: DT.UINT8,
  TF_ATTR_STRING: 0,
  TF_ATTR_INT: 1,
  TF_ATTR_FLOAT: 2,
  TF_ATTR_BOOL: 3,
  TF_ATTR_TYPE: 4,
  TF_ATTR_SHAPE: 5,
  TF_ATTR_RESOURCE: 10,

  isUsingGpuDevice: () => false,
  getNumOfTensors: () => currentTrace().graph.operations.length,
  // A node outlives the handle that TensorFlow.js had on it.
  deleteTensor: () => {},

  createTensor(shape: number[], dataType: number, values: ArrayLike<number>): number {
    return currentTrace().graph.constant(hostConstant(shape, dataType, values)).id;
  },

  executeOp(type: string, attributes: Attribute[], inputs: number[], outputs: number): OutputInfo[] {
    if (STATEFUL_RANDOM.test(type))
      throw new Error(`${type} keeps a random state of its own. Use voxloop's random ops`);
    const trace = currentTrace();
    const nodes = withHostConstants(type, inputs.map(nodeById));
    const added = trace.graph.add(type, nodes, attributes, trace.controls);
    if (added.outputs.some(({ shape }) => shape.includes(-1))) {
      throw new Error(`${type} has a shape that depends on values; a compiled graph needs static shapes`);
    }
    return added.outputs
      .slice(0, outputs)
      .map(({ id, shape, dataType }) => ({ id, shape, dtype: tfjsTypeOf(dataType) }));
  },

  tensorDataSync(id: number): never {
    throw valueRead(id);
  },
};

/** The error for reading a value that does not exist yet. */
export function valueRead(id: number): Error {
  const { type, shape } = nodeById(id);
  return new Error(
    `the value of a traced tensor (${type}, shape [${shape}]) was read while tracing; it exists only when the graph runs. ` +
      'Return it from the compiled function instead',
  );
}

/** Throws when the values about to become a tensor were drawn by one of TensorFlow.js' random functions. */
export function refuseJavaScriptRandom(): void {
  const source = callers()
    .find((name) => JAVASCRIPT_RANDOM.test(name))
    ?.slice(0, -1);
  if (!source) return;
  throw new Error(
    `tf.${source} draws its numbers while tracing: every step would get the same ones. ` +
      "Use voxloop's random.normal / random.uniform, which are keyed by seed, step and name",
  );
}

/** More frames than lie between a random function of TensorFlow.js and the backend that takes its numbers, which are five. */
const FRAMES_TO_RANDOM = 10;

/** Names of the next functions on the stack, read without formatting it (which would resolve source maps every time). */
function callers(): string[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFunctionName() ?? '');
  Error.stackTraceLimit = FRAMES_TO_RANDOM;
  const names = new Error().stack as unknown as string[];
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  return names;
}

function hostConstant(shape: number[], dataType: number, values: ArrayLike<number>) {
  const dtype = hostTypeOf(dataType);
  const data = viewOf(dtype, new ArrayBuffer(sizeOf(shape) * bytesPerElement(dtype)));
  const converted = data instanceof BigInt64Array ? Array.from(values, BigInt) : values;
  (data as { set(values: ArrayLike<number | bigint>): void }).set(converted);
  return { dtype, shape, data: data as HostData };
}
