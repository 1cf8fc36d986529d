import { withoutGradient } from '../../engine/autodiff.js';
import { addTo, after, kept, localGradients, readsOf, replay, withGradient } from '../../engine/local-gradients.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { Variable } from '../../engine/variable.js';
import type { Layer } from '../layer.js';
import { keptPass } from '../pass.js';

/**
 * The sum of several layers of one input, with the memory of one: they run one after another, and the backward pass keeps the
 * input only and computes each layer again when its turn comes. A layer that is wide inside, cut into such branches, never has its
 * whole width in memory. Random numbers are repeated, and buffers change once. With `stored` the same sum keeps everything.
 */
export function checkpointedSum(branches: readonly Layer[], { stored = false } = {}): Layer {
  return (x, pass) => {
    if (stored) return branches.map((branch) => branch(x, pass)).reduce((sum, part) => tf.add(sum, part));
    const [input, again] = [kept(x), keptPass(pass)];
    const { sum, reads } = withoutGradient(() => addUp(branches, (branch) => branch(x, pass)));
    const variables = [...new Set(reads.flat())];
    const weights = variables.map((variable) => variable.read());
    const [y] = withGradient([x, ...weights], [sum], ([dy]) => {
      const gradients = new Map<Variable, Tensor>();
      const recomputed = branches.map((branch) => () => branch(input, again));
      const dx = replay(() => runBackward(recomputed, reads, input, dy, gradients));
      return [dx, ...variables.map((variable) => gradients.get(variable)!)];
    });
    return y;
  };
}

/** Runs the branches one after the other; returns the sum of their results and the variables that each reads. */
function addUp(branches: readonly Layer[], run: (branch: Layer) => Tensor): { sum: Tensor; reads: Variable[][] } {
  let sum: Tensor | undefined;
  const reads = branches.map((branch) => {
    const { result, variables } = after(sum ? [sum] : [], () => readsOf(() => run(branch)));
    sum = sum ? tf.add(sum, result) : result;
    return variables;
  });
  return { sum: sum!, reads };
}

/** The gradient of the input; adds up those of the variables, for branches may share one. */
function runBackward(
  branches: readonly (() => Tensor)[],
  reads: readonly Variable[][],
  input: Tensor,
  dy: Tensor,
  gradients: Map<Variable, Tensor>,
): Tensor {
  let sum: Tensor | undefined;
  let done = [dy];
  branches.forEach((branch, i) => {
    const weights = reads[i].map((variable) => variable.read());
    const [dx, ...rest] = after(done, () => localGradients(branch, [input, ...weights], dy).gradients);
    sum = sum ? tf.add(sum, dx) : dx;
    addTo(gradients, reads[i], rest);
    done = [sum, ...reads[i].map((variable) => gradients.get(variable)!)];
  });
  return sum!;
}
