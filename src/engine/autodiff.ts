import { nodeOf, tensorflow } from './backend.js';
import { kept } from './local-gradients.js';
import type { Tensor } from './tf.js';
import { currentTrace, inPhase } from './trace.js';
import type { Variable } from './variable.js';

/** A scalar loss and whatever else the forward pass should hand out. */
export interface Loss<A extends Record<string, Tensor>> {
  loss: Tensor;
  aux: A;
}

/** One variable and the loss' gradient with respect to it. */
export interface Gradient {
  variable: Variable;
  gradient: Tensor;
}

/**
 * Runs `forward` and differentiates its loss with respect to `variables`. A variable that the loss does not depend on is an
 * error, or left out with `allowUnused`.
 */
export function differentiate<A extends Record<string, Tensor>>(
  forward: () => Loss<A>,
  variables: readonly Variable[],
  allowUnused = false,
): Loss<A> & { gradients: Gradient[] } {
  const values = variables.map((variable) => variable.read());
  let aux: A | undefined;
  const { value, grads } = inPhase('backward', () =>
    tensorflow.engine().gradients(
      () => {
        const result = inPhase('forward', forward);
        aux = result.aux;
        for (const tensor of Object.values(aux)) tensorflow.keep(tensor);
        if (result.loss.size !== 1) throw new Error(`the loss must be a scalar, got shape [${result.loss.shape}]`);
        return result.loss as ReturnType<typeof tensorflow.scalar>;
      },
      values,
      undefined,
      true,
    ),
  );
  const gradients = variables.flatMap((variable, i) => (grads[i] ? [{ variable, gradient: grads[i] }] : []));
  if (!allowUnused && gradients.length < variables.length) {
    const missing = variables.filter((_, i) => !grads[i]).map((variable) => variable.name);
    throw new Error(`the loss does not depend on ${missing.join(', ')}`);
  }
  note(gradients);
  return { loss: value, aux: aux!, gradients };
}

/** Tells the accounting of memory which buffers are gradients. */
function note(gradients: readonly Gradient[]): void {
  const { graph } = currentTrace();
  for (const { variable, gradient } of gradients) {
    const { operation, output } = nodeOf(gradient);
    graph.gradients.push({ handle: variable.handle.operation, operation, output: output.index });
  }
}

/**
 * The scalar that `forward` computes and its gradient with respect to a tensor on the way there, which `forward` marks when it meets it,
 * once. @throws Error where nothing is marked, or the scalar does not depend on it
 */
export function gradientAt(forward: (mark: (tensor: Tensor) => void) => Tensor): {
  value: Tensor;
  at: Tensor;
  gradient: Tensor;
} {
  // The tape is searched for the tensor after the forward pass, so that it may be found there.
  const places: Tensor[] = [tensorflow.scalar(0)];
  let at: Tensor | undefined;
  const mark = (tensor: Tensor) => {
    at = places[0] = tensorflow.keep(tensor);
  };
  const { value, grads } = inPhase('backward', () =>
    tensorflow
      .engine()
      .gradients(
        () => inPhase('forward', () => forward(mark)) as ReturnType<typeof tensorflow.scalar>,
        places,
        undefined,
        true,
      ),
  );
  if (!at) throw new Error('the forward pass marked no tensor');
  if (!grads[0]) throw new Error('the value does not depend on the marked tensor');
  return { value, at, gradient: grads[0] };
}

/** The value without a path for gradients. */
export function stopGradient(tensor: Tensor): Tensor {
  // The tape follows handles, so a new handle on the same node cuts it.
  return kept(tensor);
}

/** Runs `act` without recording it: its tensors are constants to every gradient, and nothing is kept for a backward pass. */
export function withoutGradient<T>(act: () => T): T {
  const { state } = tensorflow.engine() as unknown as { state: { gradientDepth: number } };
  const depth = state.gradientDepth;
  state.gradientDepth = 0;
  try {
    return act();
  } finally {
    state.gradientDepth = depth;
  }
}
