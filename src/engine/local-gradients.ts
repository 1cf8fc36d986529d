import { nodeOf, tensorflow } from './backend.js';
import { tensorOf } from './raw.js';
import type { Tensor } from './tf.js';
import { currentTrace, withControls } from './trace.js';
import type { Variable } from './variable.js';

/** The parts of TensorFlow.js' engine that custom gradients need. */
interface Engine {
  state: { gradientDepth: number; kernelDepth: number; activeTape: unknown[] | null };
  addTapeNode(
    name: string,
    inputs: Record<string, Tensor>,
    outputs: Tensor[],
    gradient: (dys: Tensor | Tensor[]) => Record<string, () => Tensor>,
    saved: Tensor[],
    attributes: object,
  ): void;
}

const engine = () => tensorflow.engine() as unknown as Engine;

/** True where operations are recorded for a gradient. */
export const isRecording = (): boolean => engine().state.gradientDepth > 0 && engine().state.kernelDepth === 0;

/**
 * Makes `outputs` differentiable in `inputs` by a custom gradient: `gradient` maps the outputs' gradients to those of the
 * inputs, in order. Returns the outputs as new tensors, the only ones that carry the gradient.
 */
export function withGradient(
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  gradient: (dys: Tensor[]) => Tensor[],
): Tensor[] {
  const results = outputs.map(kept);
  if (!isRecording()) return results;
  const named = Object.fromEntries(inputs.map((tensor, i) => [`x${i}`, tensor]));
  const backward = (dys: Tensor | Tensor[]) => {
    const gradients = gradient([dys].flat());
    return Object.fromEntries(gradients.map((tensor, i) => [`x${i}`, () => tensor]));
  };
  engine().addTapeNode('Recomputed', named, results, backward, [], {});
  return results;
}

/**
 * Value of `fn` and the gradients of sum(value * dy) with respect to `inputs`, computed here and now: fit for use inside another
 * gradient. An input that the value does not depend on gets zeros.
 */
export function localGradients(
  fn: () => Tensor,
  inputs: readonly Tensor[],
  dy: Tensor,
): { value: Tensor; gradients: Tensor[] } {
  const { state } = engine();
  // The outer gradient's tape would be lost: TensorFlow.js knows one at a time.
  const tape = state.activeTape;
  try {
    const result = tensorflow.engine().gradients(fn, [...inputs], dy, true);
    const gradients = result.grads.map((gradient, i) => kept(gradient ?? tensorflow.zerosLike(inputs[i])));
    return { value: kept(result.value), gradients };
  } finally {
    state.activeTape = tape;
  }
}

/** Adds gradients to the sums of their variables, for several functions may share a variable. Lists run in parallel. */
export function addTo(sums: Map<Variable, Tensor>, variables: readonly Variable[], gradients: readonly Tensor[]): void {
  variables.forEach((variable, i) => {
    const earlier = sums.get(variable);
    sums.set(variable, earlier ? tensorflow.add(earlier, gradients[i]) : gradients[i]);
  });
}

/** The same value under a handle that outlives TensorFlow.js' scopes, for use in a gradient later; no gradient flows through it. */
export const kept = (tensor: Tensor): Tensor => tensorOf(nodeOf(tensor));

/** Runs `act`; returns its result and the variables that it read. */
export function readsOf<T>(act: () => T): { result: T; variables: Variable[] } {
  const trace = currentTrace();
  const outer = trace.reads;
  const reads = new Set<Variable>();
  trace.reads = reads;
  try {
    return { result: act(), variables: [...reads] };
  } finally {
    trace.reads = outer;
    for (const variable of reads) outer?.add(variable);
  }
}

/** Computes a forward pass again: without effects, and with the random numbers of the first time. */
export function replay<T>(act: () => T): T {
  const trace = currentTrace();
  const before = trace.replaying;
  trace.replaying = true;
  try {
    return act();
  } finally {
    trace.replaying = before;
  }
}

/**
 * Everything that `act` adds to the graph runs only once `tensors` are computed. Without it TensorFlow would recompute as soon as
 * the operands are known, which is at once, and keep it all.
 */
export function after<T>(tensors: readonly Tensor[], act: () => T): T {
  const { graph, controls } = currentTrace();
  const ready = tensors.map((tensor) => nodeOf(tensor).output.oper);
  const gate = graph.add('NoOp', [], [], [...controls, ...ready]).operation;
  return withControls([gate], act);
}
