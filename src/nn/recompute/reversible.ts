import { withoutGradient } from '../../engine/autodiff.js';
import { addTo, after, kept, localGradients, readsOf, replay, withGradient } from '../../engine/local-gradients.js';
import { onGrid } from '../../engine/ops/on-grid.js';
import { raw } from '../../engine/raw.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { Variable } from '../../engine/variable.js';
import type { Layer } from '../layer.js';
import { keptPass, type Pass } from '../pass.js';
import { watchStreams } from './stream-watch.js';

/** The two halves of a reversible network's state, of one shape. */
export type Streams = [Tensor, Tensor];

/** A reversible block: y1 = x1 + f(x2), y2 = x2 + g(y1). Both functions keep the shape. */
export interface ResidualPair {
  f: Layer;
  g: Layer;
}

/** A change of shape that moves values about and loses none, for each stream. */
export interface Rearrangement {
  forward(x: Tensor): Tensor;
  inverse(y: Tensor): Tensor;
  /** How the valid lengths change. */
  pass?(pass: Pass): Pass;
}

export type ReversibleStep = ResidualPair | Rearrangement;

/** The weights each function of a step reads. */
type Reads = { f: Variable[]; g: Variable[] }[];

/** Gradients of the weights, summed where several functions share one. */
type Sums = Map<Variable, Tensor>;

/**
 * A sequence of reversible steps that keeps nothing for the backward pass but its outputs: the inputs of each step are computed
 * again from them, last step first (Gomez et al., "The Reversible Residual Network: Backpropagation Without Storing Activations",
 * 2017, arXiv:1707.04585, algorithm 1). Every rounding in that inversion would add to an error that
 * flips rectifiers, so nothing is rounded: streams are float32 on a grid of 2^-16, whatever the functions compute in, and so are
 * the functions' values, which makes sums and differences exact up to 256; a training step watches that (see stream-watch.ts). As
 * long as a function repeats bit by bit, gradients are those of stored activations at any depth. Batch normalisation updates its running statistics once; random numbers are repeated.
 * With `stored` the activations are kept as in any other network: faster, where there is memory for them.
 */
export function reversible(
  steps: readonly ReversibleStep[],
  { stored = false } = {},
): (streams: Streams, pass: Pass) => Streams {
  return ([a, b], pass) => {
    const start: Streams = [onGrid(a), onGrid(b)];
    const passes = passesOf(steps, pass);
    if (stored) return runForward(steps, passes, start).outputs;
    const watch = watchStreams(start);
    const { outputs: ends, reads } = withoutGradient(() => runForward(steps, passes, start));
    const outputs = ends.map(kept) as Streams;
    withoutGradient(() => watch?.see(outputs));
    const variables = [...new Set(reads.flatMap(({ f, g }) => [...f, ...g]))];
    const weights = variables.map((variable) => variable.read());
    return withGradient([...start, ...weights], outputs, ([d1, d2]) => {
      const sums: Sums = new Map();
      const { inputs, gradients } = replay(() => runBackward(steps, passes, reads, outputs, [d1, d2], sums));
      watch?.compare(inputs);
      // What comes before the sequence waits for both streams, which are gone by then.
      const [first, second] = after(gradients, () => gradients.map(sameValue));
      return [first, second, ...variables.map((variable) => sums.get(variable)!)];
    }) as Streams;
  };
}

const sameValue = (x: Tensor): Tensor => kept(raw('Identity', [x])[0]);

/** The pass as each step receives it. */
function passesOf(steps: readonly ReversibleStep[], pass: Pass): Pass[] {
  let at = keptPass(pass);
  return steps.map((step) => {
    const before = at;
    if (!('f' in step)) at = keptPass(step.pass?.(at) ?? at);
    return before;
  });
}

function runForward(
  steps: readonly ReversibleStep[],
  passes: readonly Pass[],
  start: Streams,
): { outputs: Streams; reads: Reads } {
  let [x1, x2] = start;
  const reads = steps.map((step, i) => {
    if (!('f' in step)) {
      [x1, x2] = [step.forward(x1), step.forward(x2)];
      return { f: [], g: [] };
    }
    const f = readsOf(() => step.f(x2, passes[i]));
    x1 = tf.add(x1, onGrid(f.result));
    const g = readsOf(() => step.g(x1, passes[i]));
    x2 = tf.add(x2, onGrid(g.result));
    return { f: f.variables, g: g.variables };
  });
  return { outputs: [x1, x2], reads };
}

/** Walks back from the outputs and their gradients; returns the inputs and their gradients, and adds up those of the weights. */
function runBackward(
  steps: readonly ReversibleStep[],
  passes: readonly Pass[],
  reads: Reads,
  outputs: Streams,
  gradients: Streams,
  sums: Sums,
): { inputs: Streams; gradients: Streams } {
  let [y1, y2] = outputs;
  let [d1, d2] = gradients;
  // The next recomputation waits for all of the one before, gradients of its weights included, so that only one function's maps are
  // alive at a time.
  let done: Tensor[] = [d1, d2];
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i];
    if (!('f' in step)) {
      [y1, y2, d1, d2] = after(done, () => [y1, y2, d1, d2].map((tensor) => step.inverse(tensor)));
      done = [y1, y2, d1, d2];
      continue;
    }
    const g = after(done, () => backThrough((x) => step.g(x, passes[i]), y1, y2, d2, reads[i].g, sums));
    d1 = tf.add(d1, g.dx);
    y2 = g.input;
    const f = after([d1, ...g.done], () => backThrough((x) => step.f(x, passes[i]), y2, y1, d1, reads[i].f, sums));
    d2 = tf.add(d2, f.dx);
    y1 = f.input;
    done = [d2, ...f.done];
  }
  return { inputs: [y1, y2], gradients: [d1, d2] };
}

/**
 * For sum = input + layer(x): recovers `input` from `sum` and `x`, and takes the gradient `dy` of the sum back through the layer.
 */
function backThrough(
  layer: (x: Tensor) => Tensor,
  x: Tensor,
  sum: Tensor,
  dy: Tensor,
  variables: readonly Variable[],
  sums: Sums,
) {
  const weights = variables.map((variable) => variable.read());
  const { value, gradients } = localGradients(() => layer(x), [x, ...weights], dy);
  const [dx, ...rest] = gradients;
  addTo(sums, variables, rest);
  const input = tf.sub(sum, onGrid(value));
  return { input, dx, done: [input, dx, ...rest] };
}
