import { createHash } from 'node:crypto';
import { typeAttr } from './graph/attributes.js';
import { DT } from './graph/data-types.js';
import type { Node } from './graph/graph.js';
import { raw, rawOperation } from './raw.js';
import type { Tensor } from './tf.js';
import { tf } from './tf.js';
import { currentTrace } from './trace.js';

/**
 * Random ops of the graph. Each draw is a pure function of (session seed, step, name), and of the worker where several train together: two
 * steps draw different numbers, the same step the same bytes, on every machine of one device kind. Names must be unique within a compiled function.
 */
export const random = {
  /** Standard normal, float32 `shape`. */
  normal: (shape: number[], name: string): Tensor => draw('StatelessRandomNormalV2', shape, name),
  /** Uniform in [low, high), float32 `shape`. */
  uniform: (shape: number[], name: string, low = 0, high = 1): Tensor =>
    tf.add(tf.mul(draw('StatelessRandomUniformV2', shape, name), high - low), low),
  /** As `uniform`, but the same numbers in every worker: of what all share, or of the rows of the whole batch. */
  sharedUniform: (shape: number[], name: string): Tensor => draw('StatelessRandomUniformV2', shape, name, true),
  /** Normal cut at two standard deviations, float32 `shape`. */
  truncatedNormal: (shape: number[], name: string): Tensor => draw('StatelessTruncatedNormalV2', shape, name),
};

/**
 * Philox in TensorFlow's Algorithm enum: the counter-based generator of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2,
 * 3", SC 2011, doi:10.1145/2063384.2063405.
 */
const PHILOX = 1;

function draw(type: string, shape: number[], name: string, isShared = false): Tensor {
  const trace = currentTrace();
  if (!trace.step) throw new Error(`'${name}' draws random numbers: give the compiled function an input named 'step'`);
  if (trace.draws.has(name) && !trace.replaying)
    throw new Error(`two random draws are named '${name}': they would be the same numbers`);
  trace.draws.add(name);
  const { graph } = trace;
  // Each worker sees other rows of the batch, and draws for them.
  const part = trace.workers && !isShared ? `${name}/worker ${trace.workers.rank}` : name;
  const key = uint64(keyOf(trace.seed, part), [1]);
  const shapeNode = graph.constant({ dtype: 'int32', shape: [shape.length], data: Int32Array.from(shape) });
  const algorithm = graph.constant({ dtype: 'int32', shape: [], data: Int32Array.of(PHILOX) });
  return raw(type, [shapeNode, key, counterOf(trace.step), algorithm], [typeAttr('dtype', DT.FLOAT)])[0];
}

/** The draw's blocks count up in the low word, so the step goes into the high one: steps never overlap. */
function counterOf(step: Node): Node {
  const zero = currentTrace().graph.constant({ dtype: 'int64', shape: [], data: BigInt64Array.of(0n) });
  const packed = rawOperation('Pack', [zero, step]).outputs[0];
  return rawOperation('Bitcast', [packed], [typeAttr('type', DT.UINT64)]).outputs[0];
}

function uint64(value: bigint, shape: number[]): Node {
  const signed = currentTrace().graph.constant({
    dtype: 'int64',
    shape,
    data: BigInt64Array.of(BigInt.asIntN(64, value)),
  });
  return rawOperation('Bitcast', [signed], [typeAttr('type', DT.UINT64)]).outputs[0];
}

const keyOf = (seed: number, name: string): bigint =>
  createHash('sha256').update(`${seed}/${name}`).digest().readBigUInt64LE();
