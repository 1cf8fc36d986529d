import { type FileNode, isWhole, type NaiveArray, type OnnxFile } from './onnx-file.js';
import { ONNX_FUNCTIONS } from './onnx-functions.js';

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

/** Zeros in front and behind so that an output has ceil(size / stride) places. */
function samePads(x: NaiveArray, kernel: number[], strides: number[]): number[] {
  const whole = kernel.map((size, i) => {
    const places = Math.ceil(x.shape[2 + i] / strides[i]);
    return Math.max((places - 1) * strides[i] + size - x.shape[2 + i], 0);
  });
  const before = whole.map((zeros) => Math.floor(zeros / 2));
  return [...before, ...whole.map((zeros, i) => zeros - before[i])];
}

/** Any number of axes in space, groups, strides, dilations and padding. */
const conv: Operator = ([x, weight, bias], { attributes }) => {
  const space = x.shape.length - 2;
  const list = (name: string, fallback: number) =>
    (attributes[name] as number[] | undefined) ?? Array(space).fill(fallback);
  const [strides, dilations] = [list('strides', 1), list('dilations', 1)];
  const group = (attributes.group as number | undefined) ?? 1;
  const [outputs, perGroup, ...kernel] = weight.shape;
  const pads =
    attributes.auto_pad === 'SAME_UPPER'
      ? samePads(x, kernel, strides)
      : list('pads', 0)
          .concat(list('pads', 0))
          .slice(0, 2 * space);
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

/** Places beyond the input do not count. */
function pool(f: (values: number[]) => number): Operator {
  return ([x], { attributes }) => {
    const [kernel, strides] = [attributes.kernel_shape, attributes.strides] as number[][];
    const same = attributes.auto_pad === 'SAME_UPPER';
    const explicit = (attributes.pads as number[] | undefined) ?? [0, 0, 0, 0];
    const sizes = kernel.map((size, i) => {
      if (same) return Math.ceil(x.shape[2 + i] / strides[i]);
      return Math.floor((x.shape[2 + i] + explicit[i] + explicit[2 + i] - size) / strides[i] + 1);
    });
    const before = sizes.map((size, i) =>
      same ? Math.floor(Math.max((size - 1) * strides[i] + kernel[i] - x.shape[2 + i], 0) / 2) : explicit[i],
    );
    return build([x.shape[0], x.shape[1], ...sizes], ([row, channel, ...place]) => {
      const seen: number[] = [];
      build(kernel, (tap) => {
        const from = place.map((p, i) => p * strides[i] + tap[i] - before[i]);
        if (from.every((p, i) => p >= 0 && p < x.shape[2 + i])) seen.push(get(x, [row, channel, ...from]));
        return 0;
      });
      return f(seen);
    });
  };
}

function arg(better: (a: number, b: number) => boolean): Operator {
  return ([x], { attributes }) => {
    const axis = attributes.axis as number;
    const rest = x.shape.filter((_, i) => i !== axis);
    return build(rest, (at) => {
      const value = (k: number) => get(x, [...at.slice(0, axis), k, ...at.slice(axis)]);
      return Array.from({ length: x.shape[axis] }, (_, k) => k).reduce((best, k) =>
        better(value(k), value(best)) ? k : best,
      );
    });
  };
}

function softmax(f: (value: number, total: number) => number): Operator {
  return ([x], { attributes }) => {
    const axis = attributes.axis as number;
    return build(x.shape, (at) => {
      const along = Array.from({ length: x.shape[axis] }, (_, k) =>
        get(
          x,
          at.map((place, i) => (i === axis ? k : place)),
        ),
      );
      return f(along[at[axis]], sum(along.map(Math.exp)));
    });
  };
}

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

const split: Operator = ([x, chosen], { attributes, outputs }) => {
  const axis = attributes.axis as number;
  const sizes = chosen?.data ?? outputs.map(() => x.shape[axis] / outputs.length);
  return sizes.map((size, part) => {
    const before = sum(sizes.slice(0, part));
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
  ...Object.fromEntries(Object.entries(ONNX_FUNCTIONS).map(([type, f]) => [type, joined(f)])),
  ArgMax: arg((a, b) => a > b),
  ArgMin: arg((a, b) => a < b),
  BatchNormalization: ([x, scale, offset, mean, variance], { attributes }) =>
    build(x.shape, (at) => {
      const c = at[1];
      const centred = (get(x, at) - mean.data[c]) / Math.sqrt(variance.data[c] + (attributes.epsilon as number));
      return centred * scale.data[c] + offset.data[c];
    }),
  CumSum: ([x, { data }], { attributes }) =>
    build(x.shape, (at) => {
      const [axis] = data;
      return sum(
        Array.from({ length: x.shape[axis] }, (_, k) => {
          const before = attributes.reverse ? k > at[axis] : k < at[axis];
          const counts = before || (k === at[axis] && !attributes.exclusive);
          return counts
            ? get(
                x,
                at.map((place, i) => (i === axis ? k : place)),
              )
            : 0;
        }),
      );
    }),
  Elu: joined((x) => (x > 0 ? x : Math.expm1(x))),
  LeakyRelu: (inputs, node) => joined((x) => (x > 0 ? x : x * (node.attributes.alpha as number)))(inputs, node),
  LogSoftmax: softmax((value, total) => value - Math.log(total)),
  MaxPool: pool((values) => values.reduce((a, b) => Math.max(a, b))),
  ReduceMin: reduced((values) => values.reduce((a, b) => Math.min(a, b))),
  ReduceProd: reduced((values) => values.reduce((a, b) => a * b)),
  Softmax: softmax((value, total) => Math.exp(value) / total),
  AveragePool: pool((values) => sum(values) / values.length),
  Cast: ([x], { attributes }) => (isWhole(attributes.to as number) ? { ...x, data: x.data.map(Math.trunc) } : x),
  Concat: concat,
  Conv: conv,
  DequantizeLinear: ([x, scale], { attributes }) =>
    build(x.shape, (at) => get(x, at) * scale.data[at[attributes.axis as number]]),
  Div: (inputs, node) => joined((a, b) => (inputs[0].whole ? Math.trunc(a / b) : a / b))(inputs, node),
  Expand: ([x, { data }]) => build(broadcastShape([x.shape, data]), (at) => getBroadcast(x, at)),
  Gather: ([x, { data }], { attributes }) => {
    const axis = attributes.axis as number;
    const shape = x.shape.map((size, i) => (i === axis ? data.length : size));
    return build(shape, (at) =>
      get(
        x,
        at.map((place, i) => (i === axis ? data[place] : place)),
      ),
    );
  },
  MatMul: matMul,
  Pad: ([x, { data }], { attributes }) => {
    const rank = x.shape.length;
    const shape = x.shape.map((size, axis) => size + data[axis] + data[rank + axis]);
    const mirrored = (place: number, size: number) => {
      const from = Math.abs(place);
      return from < size ? from : 2 * (size - 1) - from;
    };
    return build(shape, (at) => {
      const from = at.map((place, axis) => place - data[axis]);
      if (attributes.mode === 'reflect')
        return get(
          x,
          from.map((place, axis) => mirrored(place, x.shape[axis])),
        );
      return from.every((place, axis) => place >= 0 && place < x.shape[axis]) ? get(x, from) : 0;
    });
  },
  Range: ([start, end, step]) => {
    const length = Math.ceil((end.data[0] - start.data[0]) / step.data[0]);
    return build([length], ([i]) => start.data[0] + i * step.data[0]);
  },
  ReduceMax: reduced((values) => values.reduce((a, b) => Math.max(a, b))),
  ReduceMean: reduced((values) => sum(values) / values.length),
  ReduceSum: reduced(sum),
  Reshape: reshape,
  Shape: ([x]) => ({ shape: [x.shape.length], data: x.shape }),
  Slice: slice,
  Split: split,
  Squeeze: ([x, axes]) => ({ shape: x.shape.filter((_, axis) => !axes.data.includes(axis)), data: x.data }),
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
};
