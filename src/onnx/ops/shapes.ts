import type { Computed, Context, Translate, Value } from '../context.js';
import { inOrder, placed, reshapeGroups, same, withAxis, withoutAxes } from '../layout.js';
import type { Size } from '../size-formula.js';
import { computed, constantOf, numbers, result } from '../values.js';

/** Operations that keep the values and change their axes. */
export const shapes: Record<string, Translate> = {
  Reshape: reshape,
  ExpandDims: reshape,
  Squeeze: reshape,
  /** Only the numbering of the axes changes; nothing moves. */
  Transpose(context) {
    const x = computed(context, context.inputs[0]);
    const axes = numbers(context, 1);
    return result(
      context,
      x.name,
      x.order.map((axis) => axes.indexOf(axis)),
    );
  },
  Pack(context) {
    const { graph } = context;
    const rank = context.outputs[0].dims.length;
    const axis = (context.attribute('axis', 0) + rank) % rank;
    const rows = context.inputs.map((input) => {
      const x = computed(context, input);
      return graph.node('Unsqueeze', [context.arranged(x, inOrder(rank - 1)), graph.integers([axis])]);
    });
    return result(context, graph.node('Concat', rows, { axis }));
  },
  Unpack(context) {
    const { graph, outputs } = context;
    const x = computed(context, context.inputs[0]);
    const rank = x.dims.length;
    const axis = (context.attribute('axis', 0) + rank) % rank;
    const at = x.order.indexOf(axis);
    const parts = graph.split('Split', [x.name], outputs.length, { axis: at });
    const order = withoutAxes(x.order, [axis]);
    return parts.map((part, i) => result(context, graph.node('Squeeze', [part, graph.integers([at])]), order, i));
  },
};

/** The wanted shape is that of the output, whatever the operation says of it. */
function reshape(context: Context): Value {
  const x = computed(context, context.inputs[0]);
  const [{ dims }] = context.outputs;
  if (sameDims(x.dims, dims)) return { ...x, convolution: undefined };
  return changedOnes(context, x, dims) ?? grouped(context, x, dims) ?? flat(context, x, dims);
}

const sameDims = (a: readonly number[][], b: readonly number[][]): boolean =>
  a.length === b.length && a.every((dim, i) => same(dim, b[i]));

const isOne = (dim: readonly number[]): boolean => constantOf(dim) === 1;

/** Axes of one place more or less: nothing moves. */
function changedOnes(context: Context, x: Computed, dims: readonly number[][]): Computed | undefined {
  const others = (all: readonly number[][]) => all.filter((dim) => !isOne(dim));
  if (!sameDims(others(x.dims), others(dims))) return undefined;
  const { graph } = context;
  let { name, order } = x;
  const removed = inOrder(x.dims.length).filter((axis) => isOne(x.dims[axis]));
  if (removed.length > 0) {
    const places = removed.map((axis) => order.indexOf(axis)).sort((a, b) => a - b);
    name = graph.node('Squeeze', [name, graph.integers(places)]);
    order = withoutAxes(order, removed);
  }
  for (const axis of inOrder(dims.length).filter((axis) => isOne(dims[axis]))) {
    const added = withAxis(order, axis);
    name = graph.node('Unsqueeze', [name, graph.integers([added.place])]);
    order = added.order;
  }
  return result(context, name, order);
}

/** Axes that are joined or split while they lie side by side: nothing moves either. */
function grouped(context: Context, x: Computed, dims: readonly number[][]): Computed | undefined {
  const groups = reshapeGroups(x.dims, dims);
  if (!groups) return undefined;
  const order: number[] = [];
  for (let at = 0; at < x.order.length; ) {
    const group = groups.find(({ before }) => before[0] === x.order[at]);
    const lying = group && x.order.slice(at, at + group.before.length);
    if (!group || !lying || !same(lying, group.before)) return undefined;
    order.push(...group.after);
    at += group.before.length;
  }
  const name = reshaped(context, x.name, placed(x.dims, x.order), placed(dims, order));
  return result(context, name, order);
}

function flat(context: Context, x: Computed, dims: readonly number[][]): Computed {
  const name = context.arranged(x, inOrder(x.dims.length));
  return result(context, reshaped(context, name, x.dims, dims));
}

/** Says as little as it can of sizes that are not constant: 0 keeps one, -1 is what is left. */
function reshaped(context: Context, name: string, before: readonly number[][], after: readonly number[][]): string {
  const { graph } = context;
  const target = after.map((dim, axis): number | undefined => {
    const constant = constantOf(dim);
    return constant ?? (before[axis] !== undefined && same(before[axis], dim) ? 0 : undefined);
  });
  const open = target.filter((size) => size === undefined).length;
  const sizes = target.map((size, axis): Size => size ?? (open === 1 ? -1 : context.size(after[axis])));
  return graph.node('Reshape', [name, graph.sizes(sizes)]);
}
