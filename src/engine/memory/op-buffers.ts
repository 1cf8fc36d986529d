import type { OperationRecord } from '../graph/operation-record.js';
import type { PlanNode } from './plan-graph.js';

type OutputInfo = OperationRecord['outputs'][number];

/** The buffer of an output: that of an input, that of an input which nothing else needs any more, or a new one. */
export type Source =
  | { kind: 'alias'; input: number }
  | { kind: 'forward'; inputs: readonly number[] }
  | { kind: 'new' };

const ops = (names: string): ReadonlySet<string> => new Set(names.split(' '));

/** Outputs of these are their first input's buffer under another shape or type of the same size. */
const ALIASES = ops(
  'Reshape Identity Squeeze ExpandDims Bitcast StopGradient PreventGradient Snapshot EnsureShape CheckNumerics',
);

/** Outputs of these are their first input's buffer where it has the same shape: nothing to do. */
const ALIASES_IF_EQUAL = ops('PadV2 Pad Slice StridedSlice Tile BroadcastTo Cast Sum Mean Max');

/** Elementwise ops of one operand, and others that write over their first input. */
const UNARY = ops(
  'Relu Relu6 Elu Selu LeakyRelu Softplus Sigmoid Tanh Erf Exp Expm1 Log Log1p Neg Abs Sign Square Sqrt Rsqrt Reciprocal Inv ' +
    'Floor Ceil Round Rint Sin Cos LogicalNot Softmax LogSoftmax BiasAdd ClipByValue TensorStridedSliceUpdate ' +
    'TensorScatterUpdate',
);

/** Elementwise ops of two operands, which write over the first or else the second. */
const BINARY = ops(
  'Add AddV2 Sub Mul RealDiv Div DivNoNan FloorDiv FloorMod Mod Maximum Minimum Pow SquaredDifference Atan2 LogicalAnd ' +
    'LogicalOr BitwiseAnd BitwiseOr BitwiseXor LeftShift RightShift ReluGrad Relu6Grad EluGrad SeluGrad SigmoidGrad TanhGrad ' +
    'SqrtGrad RsqrtGrad MulNoNan Xdivy SoftplusGrad LeakyReluGrad',
);

const CROSS_ENTROPIES = ops('SoftmaxCrossEntropyWithLogits SparseSoftmaxCrossEntropyWithLogits');

/** The buffer that TensorFlow's kernel of a node uses for an output. */
export function sourceOf(node: PlanNode, output: number, infoOf: (input: number) => OutputInfo): Source {
  const { type, record, inputs } = node;
  const { shape, dataType } = record.outputs[output] ?? { shape: [], dataType: 0 };
  const shapeOfInput = (input: number) => infoOf(input).shape;
  if (ALIASES.has(type)) return { kind: 'alias', input: 0 };
  if (
    ALIASES_IF_EQUAL.has(type) &&
    node.bytes[output] > 0 &&
    equal(shape, shapeOfInput(0)) &&
    dataType === infoOf(0).dataType
  )
    return { kind: 'alias', input: 0 };
  if (type === 'Transpose')
    return onlyUnitsMove(shapeOfInput(0), shape) ? { kind: 'alias', input: 0 } : { kind: 'new' };
  if (type === 'SplitV' || type === 'Split') {
    const whole = type === 'SplitV' ? 0 : 1;
    return isRows(shapeOfInput(whole), shape) ? { kind: 'alias', input: whole } : { kind: 'new' };
  }
  if (type === 'Slice' && isRows(shapeOfInput(0), shape)) return { kind: 'alias', input: 0 };
  if (type === 'AddN') return { kind: 'forward', inputs: inputs.map((_, i) => i) };
  if (UNARY.has(type)) return { kind: 'forward', inputs: [0] };
  if (BINARY.has(type)) return { kind: 'forward', inputs: [0, 1] };
  if (type === 'Select' || type === 'SelectV2') return { kind: 'forward', inputs: [1, 2] };
  if (CROSS_ENTROPIES.has(type) && output === 1) return { kind: 'forward', inputs: [0] };
  return { kind: 'new' };
}

const equal = (a: readonly number[], b: readonly number[]): boolean => a.join() === b.join();

/** A transposition that only moves dimensions of size 1: the others are told apart by their sizes. */
function onlyUnitsMove(from: readonly number[], to: readonly number[]): boolean {
  const [a, b] = [from, to].map((shape) => shape.filter((size) => size !== 1));
  return equal(a, b) && new Set(a).size === a.length;
}

/** Some rows of a matrix or map, which lie together; TensorFlow hands them on where they begin at a multiple of 64 bytes. */
function isRows(whole: readonly number[], part: readonly number[]): boolean {
  const rowValues = whole.slice(1).reduce((a, b) => a * b, 1);
  return whole.length > 1 && equal(whole.slice(1), part.slice(1)) && rowValues % 16 === 0;
}
