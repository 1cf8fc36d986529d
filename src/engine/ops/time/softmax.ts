import { tensorflow } from '../../backend.js';
import { kept, withGradient } from '../../local-gradients.js';
import type { Tensor } from '../../tf.js';

/** Softmax over time of `scores` [batch, time, heads]. Its gradient, w (dw - sum over time of w dw), needs the weights alone. */
export function timeSoftmax(scores: Tensor): Tensor {
  const raised = tensorflow.exp(tensorflow.sub(scores, tensorflow.max(scores, 1, true)));
  const weights = kept(tensorflow.div(raised, tensorflow.sum(raised, 1, true)));
  return withGradient([scores], [weights], ([dWeights]) => {
    const weighted = tensorflow.mul(weights, dWeights);
    return [tensorflow.sub(weighted, tensorflow.mul(weights, tensorflow.sum(weighted, 1, true)))];
  })[0];
}
