import type { Context, Translate, Value } from '../context.js';
import { withoutAxes } from '../layout.js';
import { ELEMENT, elementOf } from '../proto.js';
import { axisOf, computed, numbers, result } from '../values.js';

/** Operations that gather an axis into one value, or run along it. */
export const reductions: Record<string, Translate> = {
  Sum: (context) => reduce(context, 'ReduceSum'),
  Mean: (context) => reduce(context, 'ReduceMean'),
  Max: (context) => reduce(context, 'ReduceMax'),
  Min: (context) => reduce(context, 'ReduceMin'),
  Prod: (context) => reduce(context, 'ReduceProd'),
  All: (context) => reduceTruth(context, 'ReduceMin'),
  Any: (context) => reduceTruth(context, 'ReduceMax'),
  ArgMax: (context) => place(context, 'ArgMax'),
  ArgMin: (context) => place(context, 'ArgMin'),
  Cumsum(context) {
    const x = computed(context, context.inputs[0]);
    const { graph } = context;
    const axis = graph.integers([x.order.indexOf(axesOf(context)[0])]);
    const scalar = graph.node('Squeeze', [axis, graph.integers([0])]);
    const flag = (name: string) => Number(context.attribute(name, false));
    const attributes = { exclusive: flag('exclusive'), reverse: flag('reverse') };
    return result(context, graph.node('CumSum', [x.name, scalar], attributes), x.order);
  },
};

/** Axes from the second input, counted from the front. */
function axesOf(context: Context): number[] {
  const { length } = computed(context, context.inputs[0]).dims;
  return numbers(context, 1).map((axis) => axisOf(axis, length));
}

interface Reduction {
  /** Where the axes lie. */
  places: number[];
  keep: number;
  order: number[];
}

function reductionOf(context: Context, order: readonly number[]): Reduction {
  const axes = axesOf(context);
  const keep = context.attribute('keep_dims', false);
  const places = axes.map((axis) => order.indexOf(axis)).sort((a, b) => a - b);
  return { places, keep: Number(keep), order: keep ? [...order] : withoutAxes(order, axes) };
}

function reduce(context: Context, type: string): Value {
  const x = computed(context, context.inputs[0]);
  const { places, keep, order } = reductionOf(context, x.order);
  if (places.length === 0) return { ...x, convolution: undefined };
  return result(context, reduced(context, type, x.name, places, keep), order);
}

/** Up to opset 17 sums alone take their axes as an input. */
function reduced({ graph }: Context, type: string, x: string, places: number[], keepdims: number): string {
  if (type === 'ReduceSum') return graph.node(type, [x, graph.integers(places)], { keepdims });
  return graph.node(type, [x], { axes: places, keepdims });
}

/** ONNX reduces numbers only. */
function reduceTruth(context: Context, type: string): Value {
  const { graph } = context;
  const x = computed(context, context.inputs[0]);
  const { places, keep, order } = reductionOf(context, x.order);
  const whole = graph.node('Cast', [x.name], { to: ELEMENT.INT32 });
  const name = graph.node('Cast', [reduced(context, type, whole, places, keep)], { to: ELEMENT.BOOL });
  return result(context, name, order);
}

function place(context: Context, type: string): Value {
  const { graph } = context;
  const x = computed(context, context.inputs[0]);
  const [axis] = axesOf(context);
  const found = graph.node(type, [x.name], { axis: x.order.indexOf(axis), keepdims: 0 });
  const to = elementOf(context.outputs[0].dtype) ?? context.refuse('indices of this type');
  return result(
    context,
    to === ELEMENT.INT64 ? found : graph.node('Cast', [found], { to }),
    withoutAxes(x.order, [axis]),
  );
}
