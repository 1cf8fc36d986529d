import { type Tensor, tf, z } from '../../index.js';

/** Options of losses on class posteriors. */
export const posteriorOptions = {
  temperature: z
    .number()
    .positive()
    .default(4)
    .describe(
      'scores are divided by it: the higher, the more the wrong classes say; the loss is multiplied by its square',
    ),
  scale: z
    .number()
    .positive()
    .default(32)
    .describe(
      'what scores are multiplied by: the scale of losses with a margin, whose scores are cosines; 1 for softmax, whose scores are logits',
    ),
};

export interface PosteriorOptions {
  temperature: number;
  scale: number;
}

/** Logits at the temperature, of scores [rows, classes]. */
export const softened = (scores: Tensor, { temperature, scale }: PosteriorOptions): Tensor =>
  tf.mul(scores, scale / temperature);

/** Logarithms of the softmax of logits, [rows, classes]. */
export function logSoftmax(logits: Tensor): Tensor {
  const shifted = tf.sub(logits, tf.max(logits, 1, true));
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)));
}

/** Mean over rows of KL(p || q) for logarithms of distributions [rows, classes]. */
export const divergence = (p: Tensor, q: Tensor): Tensor => tf.mean(tf.sum(tf.mul(tf.exp(p), tf.sub(p, q)), 1));
