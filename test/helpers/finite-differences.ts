import type { ExecutionContext } from 'ava';
import { differentiate } from '../../src/engine/autodiff.js';
import type { Inputs } from '../../src/engine/session/compile.js';
import type { Session } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import type { Variable } from '../../src/engine/variable.js';
import { float32, type HostTensor, sizeOf } from '../../src/host-tensor.js';
import { createRng } from '../../src/random.js';
import { withSession } from './session.js';

/** Precision of a check. */
export interface GradientOptions {
  /** Largest error, as a part of the tensor's largest gradient. Default 0.01. */
  tolerance?: number;
  /** Step of the differences. Default 0.02; the estimates at it and at half of it are combined, so it may be wide. */
  step?: number;
  /** Coordinates compared in each tensor, drawn by `seed`; all of them where there are fewer. Default 24. */
  samples?: number;
  seed?: number;
}

type Named<T> = Record<string, T>;

/**
 * Checks the gradients of `fn` in each float32 tensor of `values` against central differences; tensors of other types are
 * handed through. The result may have any shape: a random projection of it is differentiated, in float64, so that float32
 * sums add no error. Random ops may be used: every run has step 0. One assertion per tensor.
 */
export async function checkGradients(
  t: ExecutionContext,
  values: Named<HostTensor>,
  fn: (tensors: Named<Tensor>) => Tensor,
  options: GradientOptions = {},
): Promise<void> {
  await withSession(async (session) => {
    const names = Object.keys(values).filter((name) => values[name].dtype === 'float32');
    const forward = session.compile('forward', (tensors) => ({ y: fn(tensors) }));
    const inputs = { ...values, step: 0 };
    const projection = projectionLike((await forward(inputs)).y, options.seed);
    const backward = session.compile('backward', ({ projection: dy, ...tensors }: Named<Tensor>) => {
      const f = (...args: Tensor[]) =>
        fn({ ...tensors, ...Object.fromEntries(names.map((name, i) => [name, args[i]])) });
      const gradients = tf.grads(f)(
        names.map((name) => tensors[name]),
        dy,
      );
      return Object.fromEntries(names.map((name, i) => [name, gradients[i]]));
    });
    const gradients = await backward({ ...inputs, projection });
    for (const name of names) {
      const evaluate = async (value: HostTensor) => (await forward({ ...inputs, [name]: value })).y;
      await compare(t, name, values[name], gradients[name], { evaluate, projection, options });
    }
  });
}

/**
 * As `checkGradients`, for variables of a session: `fn` reads them. `inputs` are fed to every run. The variables end with the
 * values they had.
 */
export async function checkVariableGradients(
  t: ExecutionContext,
  session: Session,
  variables: readonly Variable[],
  inputs: Inputs,
  fn: (tensors: Named<Tensor>) => Tensor,
  options: GradientOptions = {},
): Promise<void> {
  const values = await session.save(variables.map(({ name }) => name));
  const fed: Inputs = { step: 0, ...inputs };
  const forward = session.compile('forward', (tensors: Named<Tensor>) => ({ y: fn(tensors) }));
  const projection = projectionLike((await forward(fed)).y, options.seed);
  const backward = session.compile('backward', ({ projection: dy, ...tensors }: Named<Tensor>) => {
    const { gradients } = differentiate(
      () => ({ loss: tf.sum(tf.mul(fn(tensors), dy)) as Tensor, aux: {} }),
      variables,
    );
    return Object.fromEntries(gradients.map(({ variable, gradient }) => [variable.name, gradient]));
  });
  const gradients = await backward({ ...fed, projection });
  for (const { name } of variables) {
    const evaluate = async (value: HostTensor) => {
      await session.load({ [name]: value });
      return (await forward(fed)).y;
    };
    await compare(t, name, values[name], gradients[name], { evaluate, projection, options });
    await session.load({ [name]: values[name] });
  }
}

/** A random tensor of the shape with norm 1. */
function projectionLike({ shape }: HostTensor, seed = 0): HostTensor {
  const rng = createRng(seed).fork('projection');
  const numbers = Array.from({ length: sizeOf(shape) }, () => rng.normal());
  const norm = Math.hypot(...numbers);
  return float32(
    Float32Array.from(numbers, (value) => value / norm),
    shape,
  );
}

interface Numeric {
  evaluate: (value: HostTensor) => Promise<HostTensor>;
  projection: HostTensor;
  options: GradientOptions;
}

async function compare(
  t: ExecutionContext,
  name: string,
  value: HostTensor,
  gradient: HostTensor,
  { evaluate, projection, options }: Numeric,
): Promise<void> {
  const { tolerance = 0.01, step = 0.02, samples = 24, seed = 0 } = options;
  const analytic = gradient.data as Float32Array;
  const places = createRng(seed).fork(name).shuffle(Int32Array.from(analytic.keys())).slice(0, samples);
  // Below this, a gradient is taken for zero: float32 noise of the differences is some 1e-5.
  const scale = analytic.reduce((largest, g) => Math.max(largest, Math.abs(g)), 2e-2);
  const differences = async (place: number, width: number): Promise<number> => {
    const [above, below] = [await evaluate(moved(value, place, width)), await evaluate(moved(value, place, -width))];
    // The moved numbers are float32, so the distance between them is not quite twice the width.
    const distance = entry(moved(value, place, width), place) - entry(moved(value, place, -width), place);
    const slopes = Array.from(projection.data as Float32Array, (p, i) => p * (entry(above, i) - entry(below, i)));
    return slopes.reduce((sum, slope) => sum + slope, 0) / distance;
  };
  const wrong: string[] = [];
  let smooth = 0;
  for (const place of places) {
    const [wide, narrow] = [await differences(place, step), await differences(place, step / 2)];
    // The two disagree where a kink (of a rectifier, a maximum) lies within the step: nothing to compare there.
    if (Math.abs(wide - narrow) > 3 * tolerance * scale) continue;
    smooth++;
    const numeric = (4 * narrow - wide) / 3;
    if (!(Math.abs(numeric - analytic[place]) <= tolerance * scale))
      wrong.push(`[${place}] ${analytic[place]} instead of ${numeric}`);
  }
  const rough = smooth < places.length / 2 ? `only ${smooth} of ${places.length} coordinates are smooth` : '';
  t.is(wrong.join('; ') || rough, '', `gradient of ${name}`);
}

const entry = ({ data }: HostTensor, place: number): number => (data as Float32Array)[place];

function moved(value: HostTensor, place: number, by: number): HostTensor {
  const data = (value.data as Float32Array).slice();
  data[place] += by;
  return { ...value, data };
}
