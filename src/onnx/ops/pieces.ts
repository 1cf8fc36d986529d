import type { Context, Translate, Value } from '../context.js';
import { inOrder, placed, same } from '../layout.js';
import type { Size } from '../size-formula.js';
import { axisOf, computed, constantOf, elementsOf, named, numbers, rankOf, result } from '../values.js';

/** Operations that take values apart, put them together, or repeat them. */
export const pieces: Record<string, Translate> = {
  Slice: slice,
  StridedSlice: stridedSlice,
  Split: split,
  SplitV: split,
  ConcatV2: concat,
  PadV2: (context) => pad(context, 'constant'),
  Pad: (context) => pad(context, 'constant'),
  MirrorPad(context) {
    if (context.attribute('mode', 'REFLECT') !== 'REFLECT') context.refuse('symmetric mirroring');
    return pad(context, 'reflect');
  },
  Tile(context) {
    const x = computed(context, context.inputs[0]);
    const repeats = elementsOf(context, 1).map((values) => context.size(values));
    return result(
      context,
      context.graph.node('Tile', [x.name, context.graph.sizes(placed(repeats, x.order))]),
      x.order,
    );
  },
  BroadcastTo(context) {
    const x = computed(context, context.inputs[0]);
    const sizes = context.outputs[0].dims.map((dim) => context.size(dim));
    const name = context.graph.node('Expand', [
      context.arranged(x, inOrder(x.dims.length)),
      context.graph.sizes(sizes),
    ]);
    return result(context, name);
  },
  GatherV2(context) {
    const [x, indices] = context.inputs;
    if (context.attribute('batch_dims', 0) !== 0) context.refuse('batch_dims');
    const axis = axisOf(numbers(context, 2)[0], rankOf(x));
    return result(context, context.graph.node('Gather', [named(context, x), named(context, indices)], { axis }));
  },
  Range(context) {
    const { graph } = context;
    const bounds = context.inputs.map((input) => named(context, input));
    return result(context, graph.node('Range', bounds));
  },
  Fill(context) {
    const sizes = elementsOf(context, 0).map((values) => context.size(values));
    return result(
      context,
      context.graph.node('Expand', [named(context, context.inputs[1]), context.graph.sizes(sizes)]),
    );
  },
};

/** Size and begin of each axis; one that is kept whole is left out. */
function slice(context: Context): Value {
  const x = computed(context, context.inputs[0]);
  const begins = elementsOf(context, 1);
  const cuts = begins.flatMap((begin, axis): Cut[] => {
    const size = context.outputs[0].dims[axis];
    if (same(size, x.dims[axis])) return [];
    return [{ axis, begin, end: begin.map((from, i) => from + size[i]), step: 1 }];
  });
  return cut(context, cuts);
}

interface Cut {
  axis: number;
  /** By sample. */
  begin: number[];
  end: number[];
  step: number;
}

function cut(context: Context, cuts: readonly Cut[]): Value {
  const { graph } = context;
  const x = computed(context, context.inputs[0]);
  if (cuts.length === 0) return { ...x, convolution: undefined };
  const sizes = (values: readonly number[][]) => graph.sizes(values.map((value) => context.size(value)));
  const name = graph.node('Slice', [
    x.name,
    sizes(cuts.map(({ begin }) => begin)),
    sizes(cuts.map(({ end }) => end)),
    graph.integers(cuts.map(({ axis }) => x.order.indexOf(axis))),
    graph.integers(cuts.map(({ step }) => step)),
  ]);
  return result(context, name, x.order);
}

function stridedSlice(context: Context): Value {
  const mask = (name: string) => context.attribute(name, 0);
  if (mask('ellipsis_mask') || mask('new_axis_mask') || mask('shrink_axis_mask')) {
    return context.refuse('an ellipsis, a new or a dropped axis; slice, then reshape');
  }
  const { dims } = computed(context, context.inputs[0]);
  const [begins, ends] = [elementsOf(context, 1), elementsOf(context, 2)];
  const cuts = numbers(context, 3).map((step, axis): Cut => {
    if (step < 1) context.refuse('steps backwards');
    const open = (name: string) => (mask(name) & (1 << axis)) !== 0;
    const begin = open('begin_mask') ? dims[axis].map(() => 0) : begins[axis];
    return { axis, begin, end: open('end_mask') ? dims[axis] : ends[axis], step };
  });
  return cut(
    context,
    cuts.filter(({ axis, begin, end, step }) => step !== 1 || constantOf(begin) !== 0 || !same(end, dims[axis])),
  );
}

function split(context: Context): Value[] {
  const { graph, outputs, inputs, type } = context;
  // Split has its axis in front, SplitV behind the sizes.
  const [at, from] = type === 'Split' ? [0, 1] : [2, 0];
  const x = computed(context, inputs[from]);
  const axis = axisOf(numbers(context, at)[0], x.dims.length);
  const sizes = outputs.map(({ dims }) => context.size(dims[axis]));
  const place = x.order.indexOf(axis);
  const parts = graph.split('Split', [x.name, graph.sizes(sizes)], outputs.length, { axis: place });
  return parts.map((part, i) => result(context, part, x.order, i));
}

function concat(context: Context): Value {
  const { graph, inputs } = context;
  const parts = inputs.slice(0, -1);
  const rank = context.outputs[0].dims.length;
  const axis = axisOf(numbers(context, inputs.length - 1)[0], rank);
  const order = commonOrder(parts, rank);
  const names = parts.map((part) => named(context, part, order));
  return result(context, graph.node('Concat', names, { axis: order.indexOf(axis) }), order);
}

/** The order in which most of the values lie already. */
function commonOrder(values: readonly Value[], rank: number): readonly number[] {
  const counts = new Map<string, { order: readonly number[]; count: number }>();
  for (const value of values) {
    if (value.kind !== 'computed') continue;
    const entry = counts.get(value.order.join()) ?? { order: value.order, count: 0 };
    entry.count++;
    counts.set(value.order.join(), entry);
  }
  const [most] = [...counts.values()].sort((a, b) => b.count - a.count);
  return most?.order ?? inOrder(rank);
}

function pad(context: Context, mode: string): Value {
  const { graph } = context;
  const x = computed(context, context.inputs[0]);
  const amounts = elementsOf(context, 1);
  const half = (side: 0 | 1) => x.order.map((axis) => amountOf(context, x.dims, amounts[2 * axis + side]));
  const value = context.inputs[2] === undefined ? [] : [named(context, context.inputs[2])];
  const name = graph.node('Pad', [x.name, graph.sizes([...half(0), ...half(1)]), ...value], { mode });
  return result(context, name, x.order);
}

/** Padding to a multiple is no formula by itself: it is the padded size without the size. */
function amountOf(context: Context, dims: readonly number[][], amount: readonly number[]): Size {
  const size = context.formula(amount);
  if (size !== undefined) return size;
  for (const dim of dims) {
    const [of, minus] = [context.formula(amount.map((value, i) => value + dim[i])), context.formula(dim)];
    if (typeof of === 'object' && !('of' in of) && typeof minus === 'object' && !('of' in minus)) return { of, minus };
  }
  return context.size(amount);
}
