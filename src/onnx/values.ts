import { type HostTensor, sizeOf } from '../host-tensor.js';
import type { Computed, Context, Value } from './context.js';
import { inOrder } from './layout.js';
import { ELEMENT, elementOf } from './proto.js';
import type { Size } from './size-formula.js';

/** Sizes of a value's logical axes, by dimension and sample. */
export function dimsOf({ samples }: Pick<Context, 'samples'>, value: Value): number[][] {
  if (value.kind === 'computed') return value.dims;
  const shapes = value.kind === 'fixed' ? samples.map(() => value.value.shape) : value.values.map(({ shape }) => shape);
  return shapes[0].map((_, axis) => shapes.map((shape) => shape[axis]));
}

export const rankOf = (value: Value): number => {
  if (value.kind === 'computed') return value.dims.length;
  return (value.kind === 'fixed' ? value.value : value.values[0]).shape.length;
};

export const dtypeOf = (value: Value) =>
  value.kind === 'computed' ? value.dtype : (value.kind === 'fixed' ? value.value : value.values[0]).dtype;

/** An output of the operation, by the name of its value in the graph. */
export const result = (
  { outputs }: Context,
  name: string,
  order: readonly number[] = inOrder(outputs[0].dims.length),
  index = 0,
): Computed => ({ kind: 'computed', name, order, dims: outputs[index].dims, dtype: outputs[index].dtype });

/** A value's name in the graph, with its axes in `order` (default: as they are numbered). */
export function named(context: Context, value: Value, order: readonly number[] = inOrder(rankOf(value))): string {
  if (value.kind === 'fixed') return context.fixed(value.value, order, value.name);
  if (value.kind === 'computed') return context.arranged(value, order);
  return context.arranged(computedOf(context, value.values), order);
}

/** A value as one of the graph, wherever it comes from. */
export function computed(context: Context, value: Value): Computed {
  if (value.kind === 'computed') return value;
  if (value.kind === 'varying') return computedOf(context, value.values);
  const order = inOrder(rankOf(value));
  return {
    kind: 'computed',
    name: context.fixed(value.value, order, value.name),
    order,
    dims: dimsOf(context, value),
    dtype: value.value.dtype,
  };
}

/** A constant that follows from the sizes, computed where the graph runs. */
function computedOf(context: Context, values: readonly HostTensor[]): Computed {
  const { graph } = context;
  const { dtype, shape } = values[0];
  const order = inOrder(shape.length);
  const dims = shape.map((_, axis) => values.map((value) => value.shape[axis]));
  const made = (name: string): Computed => ({ kind: 'computed', name, order, dims, dtype });
  const to = elementOf(dtype) ?? context.refuse(`a constant of type ${dtype}`);
  if (values.every((value) => sizeOf(value.shape) === sizeOf(shape))) {
    const elements = Array.from({ length: sizeOf(shape) }, (_, i) => values.map(({ data }) => Number(data[i])));
    const vector = vectorOf(context, elements, to);
    return made(shape.length === 1 ? vector : graph.node('Reshape', [vector, graph.integers(shape)]));
  }
  const [first] = values[0].data;
  if (!values.every(({ data }) => data.every((item: number | bigint) => item === first))) {
    context.refuse('a constant whose values and size depend on the number of frames');
  }
  const one = context.fixed({ dtype, shape: [], data: values[0].data.slice(0, 1) }, []);
  return made(graph.node('Expand', [one, graph.sizes(dims.map((dim) => context.size(dim)))]));
}

/** Elements as a vector: whole numbers by their formulas, or one over those. */
function vectorOf(context: Context, elements: readonly number[][], to: number): string {
  const { graph } = context;
  const sizes = elements.map((values) => context.formula(values));
  if (!sizes.includes(undefined)) return graph.node('Cast', [graph.sizes(sizes as Size[])], { to });
  const inverses = elements.map((values) => context.formula(values.map(wholeInverse)));
  if (inverses.includes(undefined) || to !== ELEMENT.FLOAT) {
    context.refuse('a constant that depends on the number of frames in a way that no formula was found for');
  }
  return graph.node('Reciprocal', [graph.node('Cast', [graph.sizes(inverses as Size[])], { to })]);
}

/** The whole number that a float32 is one over; NaN where it is none. */
function wholeInverse(value: number): number {
  const whole = Math.round(1 / value);
  return Math.fround(1 / whole) === value ? whole : Number.NaN;
}

/** The elements of an input that must be fixed. */
export function numbers(context: Context, i: number): number[] {
  const input = context.inputs[i];
  if (input.kind !== 'fixed') return context.refuse(`input ${i} that is not constant`);
  return Array.from(input.value.data, Number);
}

/** The elements of an input that may follow from the sizes, by element and sample. */
export function elementsOf(context: Context, i: number): number[][] {
  const input = context.inputs[i];
  if (input.kind === 'computed') return context.refuse(`input ${i} that depends on the features`);
  const values = input.kind === 'fixed' ? context.samples.map(() => input.value) : input.values;
  return Array.from({ length: values[0].data.length }, (_, k) => values.map(({ data }) => Number(data[k])));
}

/** A number for all samples, or undefined. */
export const constantOf = (values: readonly number[]): number | undefined =>
  values.every((value) => value === values[0]) ? values[0] : undefined;

/** An axis counted from the front. */
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
