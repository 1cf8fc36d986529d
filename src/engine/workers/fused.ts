import type { Gradient } from '../autodiff.js';
import { tensorflow } from '../backend.js';
import { cast } from '../raw.js';
import type { Tensor } from '../tf.js';
import { currentTrace } from '../trace.js';
import { takePending } from '../variable.js';
import { gathered, reduced } from './collectives.js';

/** Buffers that gradients travel in, unless these would be smaller than the least: few, and the first is full early in the backward pass. */
const BUFFERS = 4;
const LEAST_VALUES = 2 ** 18;

/**
 * The mean of every gradient over the workers, in a few fused buffers. They are filled from the last weights to the first, as the backward
 * pass makes their gradients, and travel as soon as they are full.
 */
export function meanOverWorkers(gradients: readonly Gradient[]): Gradient[] {
  const { wire, count } = currentTrace().workers!;
  const means = new Map<Gradient, Tensor>();
  for (const part of buffersOf(gradients)) {
    const sent = joined(part.map(({ gradient }) => gradient));
    const sum = cast(reduced(cast(sent, wire)), 'float32');
    const mean: Tensor = tensorflow.div(sum, count);
    const parts = apart(
      mean,
      part.map(({ gradient }) => gradient),
    );
    for (const [i, tensor] of parts.entries()) means.set(part[i], tensor);
  }
  return gradients.map((gradient) => ({ variable: gradient.variable, gradient: means.get(gradient)! }));
}

/** From the last gradient to the first, in parts of about equal size. */
function buffersOf(gradients: readonly Gradient[]): Gradient[][] {
  const total = gradients.reduce((sum, { gradient }) => sum + gradient.size, 0);
  const size = Math.max(LEAST_VALUES, total / BUFFERS);
  const parts: Gradient[][] = [];
  let filled = Number.POSITIVE_INFINITY;
  for (const gradient of gradients.toReversed()) {
    if (filled >= size) {
      parts.push([]);
      filled = 0;
    }
    parts.at(-1)!.push(gradient);
    filled += gradient.gradient.size;
  }
  return parts;
}

/**
 * What the loss assigns to variables becomes the mean over the workers: by changes, from values that all of them share, so that what was
 * assigned its own value stays exactly as it is. There is no mean of whole numbers, of which the largest is taken.
 */
export function shareAssignments(): void {
  const assignments = takePending();
  const { count } = currentTrace().workers!;
  const floats = assignments.filter(({ variable }) => variable.dtype === 'float32');
  if (floats.length > 0) {
    const changes = floats.map(({ variable, value }): Tensor => tensorflow.sub(value, variable.read()));
    const mean: Tensor = tensorflow.div(reduced(joined(changes)), count);
    apart(mean, changes).forEach((change, i) => {
      const { variable } = floats[i];
      variable.assign(tensorflow.add(variable.read(), change));
    });
  }
  for (const { variable, value } of assignments) {
    if (variable.dtype !== 'float32') variable.assign(cast(reduced(cast(value, 'int32'), 'Max'), variable.dtype));
  }
}

/**
 * Outputs of a function as one process with the whole batch would have them: means of scalars, or the largest of those in `worst`; of other
 * outputs the rows of all workers.
 */
export function outputsOfWorkers(outputs: Record<string, Tensor>, worst: ReadonlySet<string>): Record<string, Tensor> {
  const { count } = currentTrace().workers!;
  const entries = Object.entries(outputs);
  const scalars = entries.filter(([, { rank }]) => rank === 0);
  const together = (names: [string, Tensor][], join: (all: Tensor) => Tensor): [string, Tensor][] => {
    if (names.length === 0) return [];
    const all = join(tensorflow.stack(names.map(([, tensor]) => tensorflow.cast(tensor, 'float32'))));
    return tensorflow.unstack(all).map((tensor, i) => [names[i][0], tensor]);
  };
  const means = together(
    scalars.filter(([name]) => !worst.has(name)),
    (all) => tensorflow.div(reduced(all), count),
  );
  const largest = together(
    scalars.filter(([name]) => worst.has(name)),
    (all) => reduced(all, 'Max'),
  );
  const rows = entries.filter(([, { rank }]) => rank > 0).map(([name, tensor]) => [name, gathered(tensor)] as const);
  return Object.fromEntries(means.concat(largest).concat(rows.map(([name, tensor]) => [name, tensor])));
}

/** All values in one row. */
const joined = (tensors: readonly Tensor[]): Tensor =>
  tensorflow.concat(tensors.map((tensor) => tensorflow.reshape(tensor, [-1])));

/** The reverse, for tensors of the same shapes. */
function apart(row: Tensor, like: readonly Tensor[]): Tensor[] {
  const parts =
    like.length === 1
      ? [row]
      : tensorflow.split(
          row,
          like.map(({ size }) => size),
        );
  return parts.map((part, i) => tensorflow.reshape(part, like[i].shape));
}
