import { type FileNode, isWhole, type NaiveArray, type OnnxFile } from './onnx-file.js';

// Runs ONNX graphs by the definitions of their operators (onnx/docs/Operators.md, opset 14), element by element in double precision.
// An index is a list of places, one for each axis.

/** The first output for one input. */
export function runOnnx({ nodes, tensors, inputs, outputs }: OnnxFile, input: NaiveArray): NaiveArray {
  const values = new Map<string, NaiveArray>([...tensors, [inputs[0].name, input]]);
  for (const node of nodes) {
    const operator = OPERATORS[node.type];
    if (!operator) throw new Error(`the oracle has no operator ${node.type}`);
    const made = [
      operator(
        node.inputs.map((name) => values.get(name)!),
        node,
      ),
    ].flat();
    const whole = wholeOutput(node, values.get(node.inputs[0])!);
    for (const [i, name] of node.outputs.entries()) values.set(name, { ...made[i], whole });
  }
  return values.get(outputs[0].name)!;
}

function wholeOutput({ type, attributes }: FileNode, first: NaiveArray): boolean {
  if (type === 'Shape') return true;
  return type === 'Cast' ? isWhole(attributes.to as number) : (first.whole ?? false);
}

type Operator = (inputs: NaiveArray[], node: FileNode) => NaiveArray | NaiveArray[];

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** An array whose elements are a function of their index. */
function build(shape: number[], element: (at: number[]) => number): NaiveArray {
  const at = shape.map(() => 0);
  const data = Array.from({ length: sizeOf(shape) }, () => {
    const value = element(at);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++at[axis] < shape[axis]) break;
      at[axis] = 0;
    }
    return value;
  });
  return { shape, data };
}

function get({ shape, data }: NaiveArray, at: readonly number[]): number {
  return data[shape.reduce((place, size, axis) => place * size + at[axis], 0)];
}

/** The element at an index of a larger shape: axes of one place repeat. */
function getBroadcast(array: NaiveArray, at: readonly number[]): number {
  const skipped = at.length - array.shape.length;
  return get(
    array,
    array.shape.map((size, axis) => (size === 1 ? 0 : at[skipped + axis])),
  );
}

function broadcastShape(shapes: readonly number[][]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[shape.length - rank + axis] ?? 1);
    const wide = sizes.filter((size) => size !== 1);
    if (new Set(wide).size > 1) throw new Error(`shapes do not broadcast: ${JSON.stringify(shapes)}`);
    return wide[0] ?? 1;
  });
}

const joined =
  (f: (...values: number[]) => number): Operator =>
  (inputs) =>
    build(broadcastShape(inputs.map(({ shape }) => shape)), (at) =>
      f(...inputs.map((input) => getBroadcast(input, at))),
    );

const each =
  (f: (value: number) => number): Operator =>
  ([{ shape, data }]) => ({ shape, data: data.map(f) });

function reduced(f: (values: number[]) => number): Operator {
  return ([x, chosen], { attributes }) => {
    const axes = (attributes.axes as number[] | undefined) ?? chosen.data;
    const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const inner = x.shape.map((size, axis) => (axes.includes(axis) ? size : 1));
    const { data } = build(kept, (at) =>
      f(
        build(inner, (within) =>
          get(
            x,
            at.map((place, axis) => place + within[axis]),
          ),
        ).data,
      ),
    );
    return { shape: attributes.keepdims === 0 ? x.shape.filter((_, axis) => !axes.includes(axis)) : kept, data };
  };
}

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);

const reshape: Operator = ([x, target]) => {
  const shape = target.data.map((size, axis) => (size === 0 ? x.shape[axis] : size));
  const open = shape.indexOf(-1);
  if (open >= 0) shape[open] = x.data.length / sizeOf(shape.filter((size) => size !== -1));
  if (sizeOf(shape) !== x.data.length) throw new Error(`[${x.shape}] is no [${shape}]`);
  return { shape, data: x.data };
};

/** Any number of axes in space, groups, strides, dilations and padding. */
const conv: Operator = ([x, weight, bias], { attributes }) => {
  const space = x.shape.length - 2;
  const list = (name: string, fallback: number) =>
    (attributes[name] as number[] | undefined) ?? Array(space).fill(fallback);
  const [strides, dilations] = [list('strides', 1), list('dilations', 1)];
  const pads = (attributes.pads as number[] | undefined) ?? Array(2 * space).fill(0);
  const group = (attributes.group as number | undefined) ?? 1;
  const [outputs, perGroup, ...kernel] = weight.shape;
  const sizes = kernel.map((size, i) =>
    Math.floor((x.shape[2 + i] + pads[i] + pads[space + i] - dilations[i] * (size - 1) - 1) / strides[i] + 1),
  );
  const taps = build(kernel, () => 0);
  return build([x.shape[0], outputs, ...sizes], ([row, output, ...place]) => {
    let total = bias ? bias.data[output] : 0;
    const firstChannel = Math.floor(output / (outputs / group)) * perGroup;
    build(taps.shape, (tap) => {
      const from = place.map((p, i) => p * strides[i] + tap[i] * dilations[i] - pads[i]);
      if (from.some((p, i) => p < 0 || p >= x.shape[2 + i])) return 0;
      for (let c = 0; c < perGroup; c++)
        total += get(x, [row, firstChannel + c, ...from]) * get(weight, [output, c, ...tap]);
      return 0;
    });
    return total;
  });
};

const pool: Operator = ([x], { attributes }) => {
  const [kernel, strides] = [attributes.kernel_shape, attributes.strides] as number[][];
  const sizes = kernel.map((size, i) => Math.floor((x.shape[2 + i] - size) / strides[i] + 1));
  return build([x.shape[0], x.shape[1], ...sizes], ([row, channel, ...place]) => {
    const seen = build(kernel, (tap) => get(x, [row, channel, ...place.map((p, i) => p * strides[i] + tap[i])]));
    return sum(seen.data) / seen.data.length;
  });
};

const slice: Operator = ([x, starts, ends, axes, steps]) => {
  const from = x.shape.map(() => 0);
  const step = x.shape.map(() => 1);
  const shape = [...x.shape];
  axes.data.forEach((axis, i) => {
    from[axis] = starts.data[i];
    step[axis] = steps.data[i];
    shape[axis] = Math.ceil((Math.min(ends.data[i], x.shape[axis]) - from[axis]) / step[axis]);
  });
  return build(shape, (at) =>
    get(
      x,
      at.map((place, axis) => from[axis] + place * step[axis]),
    ),
  );
};

const concat: Operator = (parts, { attributes }) => {
  const axis = attributes.axis as number;
  const shape = parts[0].shape.map((size, i) => (i === axis ? sum(parts.map((part) => part.shape[axis])) : size));
  return build(shape, (at) => {
    let place = at[axis];
    const part = parts.find((candidate) => {
      if (place < candidate.shape[axis]) return true;
      place -= candidate.shape[axis];
      return false;
    })!;
    return get(
      part,
      at.map((other, i) => (i === axis ? place : other)),
    );
  });
};

const split: Operator = ([x, sizes], { attributes }) => {
  const axis = attributes.axis as number;
  return sizes.data.map((size, part) => {
    const before = sum(sizes.data.slice(0, part));
    const shape = x.shape.map((other, i) => (i === axis ? size : other));
    return build(shape, (at) =>
      get(
        x,
        at.map((place, i) => (i === axis ? before + place : place)),
      ),
    );
  });
};

const matMul: Operator = ([a, b]) => {
  const inner = a.shape.at(-1)!;
  const front = broadcastShape([a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  return build([...front, a.shape.at(-2)!, b.shape.at(-1)!], (at) => {
    const [row, column] = at.slice(-2);
    const outer = at.slice(0, -2);
    const terms = Array.from(
      { length: inner },
      (_, k) => getBroadcast(a, [...outer, row, k]) * getBroadcast(b, [...outer, k, column]),
    );
    return sum(terms);
  });
};

const OPERATORS: Record<string, Operator> = {
  Abs: each(Math.abs),
  Add: joined((a, b) => a + b),
  And: joined((a, b) => Number(a && b)),
  AveragePool: pool,
  Cast: ([x], { attributes }) => (isWhole(attributes.to as number) ? { ...x, data: x.data.map(Math.trunc) } : x),
  Clip: joined((x, low, high) => Math.min(Math.max(x, low), high)),
  Concat: concat,
  Conv: conv,
  DequantizeLinear: ([x, scale], { attributes }) =>
    build(x.shape, (at) => get(x, at) * scale.data[at[attributes.axis as number]]),
  Div: (inputs, node) => joined((a, b) => (inputs[0].whole ? Math.trunc(a / b) : a / b))(inputs, node),
  Exp: each(Math.exp),
  Expand: ([x, { data }]) => build(broadcastShape([x.shape, data]), (at) => getBroadcast(x, at)),
  Gather: ([x, { data }]) => build([data.length], ([i]) => x.data[data[i]]),
  Identity: ([x]) => x,
  Less: joined((a, b) => Number(a < b)),
  Log: each(Math.log),
  MatMul: matMul,
  Max: joined(Math.max),
  Min: joined(Math.min),
  Mod: joined((a, b) => a - b * Math.floor(a / b)),
  Mul: joined((a, b) => a * b),
  Pad: ([x, { data }]) => {
    const rank = x.shape.length;
    const shape = x.shape.map((size, axis) => size + data[axis] + data[rank + axis]);
    return build(shape, (at) => {
      const from = at.map((place, axis) => place - data[axis]);
      return from.every((place, axis) => place >= 0 && place < x.shape[axis]) ? get(x, from) : 0;
    });
  },
  Range: ([start, end, step]) => {
    const length = Math.ceil((end.data[0] - start.data[0]) / step.data[0]);
    return build([length], ([i]) => start.data[0] + i * step.data[0]);
  },
  Reciprocal: each((x) => 1 / x),
  ReduceMax: reduced((values) => values.reduce((a, b) => Math.max(a, b))),
  ReduceMean: reduced((values) => sum(values) / values.length),
  ReduceSum: reduced(sum),
  Relu: each((x) => Math.max(x, 0)),
  Reshape: reshape,
  Shape: ([x]) => ({ shape: [x.shape.length], data: x.shape }),
  Sigmoid: each((x) => 1 / (1 + Math.exp(-x))),
  Slice: slice,
  Split: split,
  Sqrt: each(Math.sqrt),
  Squeeze: ([x, axes]) => ({ shape: x.shape.filter((_, axis) => !axes.data.includes(axis)), data: x.data }),
  Sub: joined((a, b) => a - b),
  Tanh: each(Math.tanh),
  Tile: ([x, { data }]) =>
    build(
      x.shape.map((size, axis) => size * data[axis]),
      (at) =>
        get(
          x,
          at.map((place, axis) => place % x.shape[axis]),
        ),
    ),
  Transpose: ([x], { attributes }) => {
    const perm = attributes.perm as number[];
    return build(
      perm.map((axis) => x.shape[axis]),
      (at) =>
        get(
          x,
          x.shape.map((_, axis) => at[perm.indexOf(axis)]),
        ),
    );
  },
  Unsqueeze: ([x, axes]) => {
    const rest = [...x.shape];
    const rank = x.shape.length + axes.data.length;
    return {
      shape: Array.from({ length: rank }, (_, axis) => (axes.data.includes(axis) ? 1 : rest.shift()!)),
      data: x.data,
    };
  },
  Where: joined((condition, a, b) => (condition ? a : b)),
};
