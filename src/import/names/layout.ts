import { type PublishedNames, partsOf, publishedName } from './published-names.js';

/** A published tensor that a variable is made of. */
export interface PublishedTensor {
  name: string;
  /** As PyTorch has it: [outputs, inputs, frequency, time] without the axes that a layer does not have. */
  shape: number[];
}

/** How a variable of voxloop is made of published tensors, and they of it. */
export interface Recipe {
  /** One, or two where a bias goes into a mean or to another bias. */
  from: readonly PublishedTensor[];
  /** The variable's numbers from theirs, in the same order. */
  make(...tensors: Float32Array[]): Float32Array;
  /** Puts the variable's numbers into the first of them, from which `make` gives the same where the others hold zeros. */
  put(values: Float32Array, tensor: Float32Array): void;
}

/** The recipe of a variable `layer/leaf` of `shape`: kernels [time, frequency, inputs, outputs], matrices [inputs, outputs], vectors. */
export function recipeOf(names: PublishedNames, variable: string, shape: readonly number[]): Recipe {
  const normalised = names.weightNorm?.[variable];
  if (normalised) return weightNormRecipe(normalised, shape);
  const name = publishedName(names, variable);
  const put: Recipe['put'] = (values, tensor) => tensor.set(values);
  if (names.untransposed?.includes(variable))
    return { from: [{ name, shape: [...shape] }], make: (values) => values, put };
  if (shape.length > 1) return kernelRecipe(names, variable, name, shape);
  const [taken, added] = [names.biasInMean?.[variable], names.addends?.[variable]];
  const vector = { name, shape: [...shape] };
  const other = taken ?? added;
  if (other === undefined) return { from: [vector], make: (values) => values, put };
  const sign = other === taken ? -1 : 1;
  const both = [vector, { name: other, shape: [...shape] }];
  return { from: both, make: (values, others) => values.map((value, i) => value + sign * others[i]), put };
}

/**
 * A kernel [taps, inputs, outputs] from directions [outputs, inputs, taps] and a length for each tap (T. Salimans, D. P. Kingma, "Weight
 * Normalization", 2016, arXiv:1602.07868).
 */
function weightNormRecipe([length, direction]: readonly [string, string], shape: readonly number[]): Recipe {
  const [taps, inputs, outputs] = shape;
  const from = [
    { name: direction, shape: [outputs, inputs, taps] },
    { name: length, shape: [1, 1, taps] },
  ];
  const make = (directions: Float32Array, lengths: Float32Array) => {
    const squares = new Float64Array(taps);
    directions.forEach((value, i) => {
      squares[i % taps] += value ** 2;
    });
    const values = new Float32Array(directions.length);
    for (let t = 0, at = 0; t < taps; t++) {
      const factor = lengths[t] / Math.sqrt(squares[t]);
      for (let i = 0; i < inputs; i++)
        for (let o = 0; o < outputs; o++) values[at++] = factor * directions[(o * inputs + i) * taps + t];
    }
    return values;
  };
  const put = () => {
    throw new Error('a kernel under weight normalisation is read and not written');
  };
  return { from, make, put };
}

function kernelRecipe(names: PublishedNames, variable: string, name: string, shape: readonly number[]): Recipe {
  const { layer } = partsOf(variable);
  const outputs = shape.at(-1)!;
  const inputs = shape.length === 3 ? 1 : shape.at(-2)!;
  const [time, frequency] = shape.length > 2 ? shape : [1, 1];
  const columns = names.columns?.[layer];
  const wide = columns?.of ?? inputs;
  const { rows, parts } = names.flattened?.path === layer ? names.flattened : { rows: 1, parts: 1 };
  const column = rowsToChannels(inputs, rows, parts);
  const kernel = {
    time,
    frequency,
    inputs,
    outputs,
    wide,
    column: (input: number) => (columns?.from ?? 0) + column(input),
  };
  return {
    from: [{ name, shape: withoutTrailingOnes([outputs, wide, frequency, time]) }],
    make: (published) => {
      const values = new Float32Array(time * frequency * inputs * outputs);
      eachPlace(kernel, (at, from) => {
        values[at] = published[from];
      });
      return values;
    },
    put: (values, published) => {
      eachPlace(kernel, (at, to) => {
        published[to] = values[at];
      });
    },
  };
}

function withoutTrailingOnes(shape: number[]): number[] {
  const last = shape.findLastIndex((size, axis) => size !== 1 || axis < 2);
  return shape.slice(0, last + 1);
}

/** From the place of an input in voxloop, row by row, to its place where the rows of a channel stand together. */
function rowsToChannels(inputs: number, rows: number, parts: number): (input: number) => number {
  const size = inputs / parts;
  const channels = size / rows;
  return (input) => {
    const [part, place] = [Math.floor(input / size), input % size];
    return part * size + (place % channels) * rows + Math.floor(place / channels);
  };
}

interface Kernel {
  time: number;
  frequency: number;
  inputs: number;
  outputs: number;
  /** Inputs of the published kernel, of which these are some. */
  wide: number;
  column(input: number): number;
}

/** Places of the same number in [time, frequency, inputs, outputs] and in [outputs, wide, frequency, time]. */
function eachPlace(kernel: Kernel, act: (own: number, published: number) => void): void {
  const { time, frequency, inputs, outputs, wide, column } = kernel;
  const rowLength = wide * frequency * time;
  let at = 0;
  for (let t = 0; t < time; t++) {
    for (let f = 0; f < frequency; f++) {
      for (let i = 0; i < inputs; i++) {
        const from = (column(i) * frequency + f) * time + t;
        for (let o = 0; o < outputs; o++) act(at++, o * rowLength + from);
      }
    }
  }
}
