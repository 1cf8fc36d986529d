import { broadcastShape, build, get, getBroadcast, sizeOf } from './naive-arrays.js';
import { conv, pool } from './naive-windows.js';
import { type FileNode, isWhole, type NaiveArray, type OnnxFile, type Operator } from './onnx-file.js';
import { ONNX_FUNCTIONS } from './onnx-functions.js';

// Runs ONNX graphs by the definitions of their operators (onnx/docs/Operators.md, opset 14), element by element in double precision.

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
