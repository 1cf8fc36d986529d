import type { Session } from '../../../src/engine/session/session.js';
import { float32, type HostTensor, sizeOf } from '../../../src/host-tensor.js';
import type { Scope } from '../../../src/nn/scope.js';
import { drawnKernel, drawnVector, type Range } from './draws.js';
import { type PublishedNames, publishedName } from './names.js';

/** Fills the network at `scope` with drawn weights and statistics, taken from their published names, order and shape. */
export async function loadPublished(
  session: Session,
  scope: Scope,
  names: PublishedNames,
  variance: Range,
): Promise<void> {
  const all = [...scope.params(), ...scope.buffers()];
  const tensor = (name: string, shape: readonly number[]) =>
    shape.length === 1 ? vector(names, name, shape[0], variance) : kernel(names, name, shape);
  await session.load(
    Object.fromEntries(all.map(({ name, shape }) => [name, tensor(name.slice(scope.path.length + 1), shape)])),
  );
}

function vector(names: PublishedNames, variable: string, size: number, variance: Range): HostTensor {
  const values = drawnVector(publishedName(names, variable), size, variance);
  const bias = names.biasInMean?.[variable];
  if (bias === undefined) return float32(values);
  const taken = drawnVector(bias, size, variance);
  return float32(values.map((value, i) => value - taken[i]));
}

function kernel(names: PublishedNames, variable: string, shape: readonly number[]): HostTensor {
  const outputs = shape.at(-1)!;
  const path = variable.slice(0, variable.lastIndexOf('/'));
  const inputs = shape.length === 3 ? 1 : shape.at(-2)!;
  const columns = names.columns?.[path];
  const wide = columns?.of ?? inputs;
  const places = sizeOf([...shape]) / (inputs * outputs);
  const data = drawnKernel(publishedName(names, variable), outputs, outputs * wide * places);
  const { rows, parts } = names.flattened?.path === path ? names.flattened : { rows: 1, parts: 1 };
  const column = rowsToChannels(inputs, rows, parts);
  return float32(reordered(data, shape, { wide, column: (input) => (columns?.from ?? 0) + column(input) }), [...shape]);
}

/** From the place of an input in voxloop, row-major, to its place where the rows of a channel stand together. */
function rowsToChannels(inputs: number, rows: number, parts: number): (input: number) => number {
  const size = inputs / parts;
  const channels = size / rows;
  return (input) => {
    const [part, place] = [Math.floor(input / size), input % size];
    return part * size + (place % channels) * rows + Math.floor(place / channels);
  };
}

/** [outputs, wide, frequency, time] -> [time, frequency, inputs, outputs]; matrices and kernels over time alone are cases of it. */
function reordered(
  data: Float32Array,
  shape: readonly number[],
  { wide, column }: { wide: number; column(input: number): number },
): Float32Array {
  const outputs = shape.at(-1)!;
  const inputs = shape.length === 3 ? 1 : shape.at(-2)!;
  const [time, frequency] = shape.length > 2 ? shape : [1, 1];
  const result = new Float32Array(data.length * (inputs / wide));
  let at = 0;
  for (let t = 0; t < time; t++) {
    for (let f = 0; f < frequency; f++) {
      for (let i = 0; i < inputs; i++) {
        const from = (column(i) * frequency + f) * time + t;
        for (let o = 0; o < outputs; o++) result[at++] = data[o * wide * frequency * time + from];
      }
    }
  }
  return result;
}
