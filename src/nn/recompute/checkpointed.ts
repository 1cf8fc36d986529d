import { withoutGradient } from '../../engine/autodiff.js';
import { after, kept, localGradients, readsOf, replay, withGradient } from '../../engine/local-gradients.js';
import type { Layer } from '../layer.js';
import { keptPass } from '../pass.js';

/**
 * The same layer with its memory cut: only the input is kept for the backward pass, which computes the layer again (Chen et al.,
 * "Training Deep Nets with Sublinear Memory Cost", 2016, arXiv:1604.06174). Random numbers are repeated, and buffers change once.
 */
export function checkpointed(layer: Layer): Layer {
  return (x, pass) => {
    const { result, variables } = readsOf(() => withoutGradient(() => layer(x, pass)));
    const weights = variables.map((variable) => variable.read());
    const [input, again] = [kept(x), keptPass(pass)];
    const [y] = withGradient([x, ...weights], [result], ([dy]) =>
      after([dy], () => replay(() => localGradients(() => layer(input, again), [input, ...weights], dy).gradients)),
    );
    return y;
  };
}
