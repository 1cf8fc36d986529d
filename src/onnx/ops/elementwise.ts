import { float32, sizeOf } from '../../host-tensor.js';
import type { Context, Translate, Value } from '../context.js';
import { inOrder, same } from '../layout.js';
import { elementOf } from '../proto.js';
import { computed, dimsOf, dtypeOf, named, rankOf, result } from '../values.js';
import { withBias } from './convolutions.js';

/** Operations on each element by itself, with NumPy's broadcasting. */
export const elementwise: Record<string, Translate> = {
  ...mapped(unary, {
    Abs: 'Abs',
    Acos: 'Acos',
    Acosh: 'Acosh',
    Asin: 'Asin',
    Asinh: 'Asinh',
    Atan: 'Atan',
    Atanh: 'Atanh',
    Ceil: 'Ceil',
    Cos: 'Cos',
    Cosh: 'Cosh',
    Elu: 'Elu',
    Erf: 'Erf',
    Exp: 'Exp',
    Floor: 'Floor',
    Identity: 'Identity',
    IsNan: 'IsNaN',
    Log: 'Log',
    LogicalNot: 'Not',
    Neg: 'Neg',
    Reciprocal: 'Reciprocal',
    Relu: 'Relu',
    Rint: 'Round',
    Round: 'Round',
    Selu: 'Selu',
    Sigmoid: 'Sigmoid',
    Sign: 'Sign',
    Sin: 'Sin',
    Sinh: 'Sinh',
    Softplus: 'Softplus',
    Sqrt: 'Sqrt',
    Tan: 'Tan',
    Tanh: 'Tanh',
  }),
  ...mapped(binary, {
    Add: 'Add',
    Div: 'Div',
    Equal: 'Equal',
    Greater: 'Greater',
    GreaterEqual: 'GreaterOrEqual',
    Less: 'Less',
    LessEqual: 'LessOrEqual',
    LogicalAnd: 'And',
    LogicalOr: 'Or',
    Maximum: 'Max',
    Minimum: 'Min',
    Mul: 'Mul',
    Pow: 'Pow',
    RealDiv: 'Div',
    Sub: 'Sub',
  }),
  AddV2: (context) => withBias(context) ?? binary('Add')(context),
  AddN: (context) => joined(context, (graph, names) => graph.node('Sum', names)),
  NotEqual: (context) => joined(context, (graph, names) => graph.node('Not', [graph.node('Equal', names)])),
  Square: (context) => each(context, (graph, x) => graph.node('Mul', [x, x])),
  Rsqrt: (context) => each(context, (graph, x) => graph.node('Reciprocal', [graph.node('Sqrt', [x])])),
  Log1p: (context) => each(context, (graph, x) => graph.node('Log', [graph.node('Add', [x, one(context)])])),
  Expm1: (context) => each(context, (graph, x) => graph.node('Sub', [graph.node('Exp', [x]), one(context)])),
  LeakyRelu: (context) =>
    each(context, (graph, x) => graph.node('LeakyRelu', [x], { alpha: { float: context.attribute('alpha', 0.2) } })),
  Relu6: (context) =>
    each(context, (graph, x) => graph.node('Clip', [x, graph.tensor(float32(0)), graph.tensor(float32(6))])),
  ClipByValue: (context) =>
    each(context, (graph, x) =>
      graph.node('Clip', [x, named(context, context.inputs[1]), named(context, context.inputs[2])]),
    ),
  SquaredDifference: (context) =>
    joined(context, (graph, names) => {
      const difference = graph.node('Sub', names);
      return graph.node('Mul', [difference, difference]);
    }),
  DivNoNan: (context) =>
    joined(context, (graph, [a, b]) => {
      const zero = graph.tensor(float32(0));
      return graph.node('Where', [graph.node('Equal', [b, zero]), zero, graph.node('Div', [a, b])]);
    }),
  FloorDiv: (context) => joined(context, (_, [a, b]) => floorDiv(context, a, b)),
  FloorMod: (context) =>
    joined(context, (graph, [a, b]) => {
      if (isWhole(context)) return graph.node('Mod', [a, b]);
      return graph.node('Sub', [a, graph.node('Mul', [floorDiv(context, a, b), b])]);
    }),
  Select: (context) => joined(context, (graph, names) => graph.node('Where', names)),
  SelectV2: (context) => joined(context, (graph, names) => graph.node('Where', names)),
  Cast: (context) =>
    each(context, (graph, x) => {
      const to = elementOf(context.outputs[0].dtype) ?? context.refuse(`a conversion to ${context.outputs[0].dtype}`);
      return graph.node('Cast', [x], { to });
    }),
  ZerosLike: (context) => filled(context, 0),
  OnesLike: (context) => filled(context, 1),
  Softmax: (context) => alongLast('Softmax')(context),
  LogSoftmax: (context) => alongLast('LogSoftmax')(context),
};

type Make<T> = (graph: Context['graph'], names: T) => string;

function mapped(translate: (type: string) => Translate, types: Record<string, string>): Record<string, Translate> {
  return Object.fromEntries(Object.entries(types).map(([type, onnx]) => [type, translate(onnx)]));
}

function unary(type: string): Translate {
  return (context) => each(context, (graph, x) => graph.node(type, [x]));
}

function binary(type: string): Translate {
  return (context) => joined(context, (graph, names) => graph.node(type, names));
}

/** The first input as it lies. */
function each(context: Context, make: Make<string>): Value {
  const x = computed(context, context.inputs[0]);
  return result(context, make(context.graph, x.name), x.order);
}

/** All inputs in the order of the largest, broadcast. */
function joined(context: Context, make: Make<string[]>): Value {
  const rank = context.outputs[0].dims.length;
  const order = widest(context, rank);
  const names = context.inputs.map((input) => broadcast(context, input, rank, order));
  return result(context, make(context.graph, names), order);
}

/** How the largest input of full rank lies: the others are moved. */
function widest(context: Context, rank: number): readonly number[] {
  const last = context.samples.length - 1;
  const whole = context.inputs.filter((input) => input.kind === 'computed' && rankOf(input) === rank);
  const elements = (value: Value) => dimsOf(context, value).reduce((product, dim) => product * dim[last], 1);
  const [largest] = whole.sort((a, b) => elements(b) - elements(a));
  return largest?.kind === 'computed' ? largest.order : inOrder(rank);
}

function broadcast(context: Context, value: Value, rank: number, order: readonly number[]): string {
  const missing = rank - rankOf(value);
  if (rankOf(value) === 0 || (missing > 0 && same(order, inOrder(rank)))) return named(context, value);
  if (missing === 0) return named(context, value, order);
  if (value.kind === 'fixed') {
    const { dtype, shape, data } = value.value;
    if (sizeOf(shape) === 1) return named(context, { kind: 'fixed', value: { dtype, shape: [], data } });
    const widened = { dtype, data, shape: [...Array(missing).fill(1), ...shape] };
    return named(context, { kind: 'fixed', value: widened, name: value.name }, order);
  }
  const whole = computed(context, value);
  const { graph, samples } = context;
  const axes = graph.integers(inOrder(missing));
  const name = graph.node('Unsqueeze', [named(context, whole), axes]);
  const ones = inOrder(missing).map(() => samples.map(() => 1));
  const dims = [...ones, ...whole.dims];
  return context.arranged({ kind: 'computed', name, dims, dtype: whole.dtype, order: inOrder(rank) }, order);
}

const isWhole = (context: Context): boolean => dtypeOf(context.inputs[0]) !== 'float32';

/** ONNX divides whole numbers towards zero. */
function floorDiv(context: Context, a: string, b: string): string {
  const { graph } = context;
  if (!isWhole(context)) return graph.node('Floor', [graph.node('Div', [a, b])]);
  return graph.node('Div', [graph.node('Sub', [a, graph.node('Mod', [a, b])]), b]);
}

const one = ({ graph }: Context): string => graph.tensor(float32(1));

function filled(context: Context, value: number): Value {
  return each(context, (graph, x) => {
    const { dtype } = context.outputs[0];
    if (dtype !== 'float32') context.refuse(`values of type ${dtype}`);
    return graph.node('Expand', [graph.tensor(float32(value)), graph.node('Shape', [x])]);
  });
}

function alongLast(type: string): Translate {
  return (context) => {
    const x = computed(context, context.inputs[0]);
    const axis = x.order.indexOf(x.dims.length - 1);
    return result(context, context.graph.node(type, [x.name], { axis }), x.order);
  };
}
