import {
  gradientReversal,
  hits,
  meanOfCounted,
  type Objective,
  projectionHead,
  type Scope,
  softmaxCrossEntropy,
  type Tensor,
  tf,
  z,
} from '../../index.js';

/** Options of a classifier at a layer, which the network helps or opposes. */
export const classifierOptions = (adversarial: boolean) => ({
  hidden: z.array(z.number().int().positive()).default([]).describe('sizes of hidden layers of the classifier'),
  adversarial: z
    .boolean()
    .default(adversarial)
    .describe('reverse its gradients on their way into the network, which then learns to tell it nothing'),
  lambda: z.number().positive().default(1).describe('adversarial: weight of the reversed gradients at the end'),
  rise: z
    .number()
    .nonnegative()
    .default(10)
    .describe(
      'adversarial: gamma of their rise, lambda (2 / (1 + exp(-gamma p)) - 1) at the share p of the run; 0: the whole weight from the start',
    ),
});

interface ClassifierOptions {
  hidden: readonly number[];
  adversarial: boolean;
  lambda: number;
  rise: number;
}

/**
 * The weight of reversed gradients at the share `progress` of a run, a scalar.
 *
 * Y. Ganin et al., "Domain-Adversarial Training of Neural Networks", JMLR 2016, arXiv:1505.07818.
 */
export const reversalWeight = (
  progress: Tensor,
  { lambda, rise }: Pick<ClassifierOptions, 'lambda' | 'rise'>,
): Tensor =>
  rise === 0
    ? (tf.scalar(lambda) as Tensor)
    : tf.mul(tf.sub(tf.div(2, tf.add(1, tf.exp(tf.mul(progress, -rise)))), 1), lambda);

/**
 * A classifier of a layer's rows, or frames: the mean cross-entropy against the distributions that are known, and the share of them whose
 * likeliest class it names.
 */
export function classifyLayer(scope: Scope, inputs: number, classes: number, options: ClassifierOptions): Objective {
  const head = projectionHead(scope, { inputs, sizes: [...options.hidden, classes] });
  return ({ output, labels, progress }) => {
    const opposed = options.adversarial ? gradientReversal(output, reversalWeight(progress, options)) : output;
    const logits = head(tf.reshape(opposed, [-1, inputs]));
    const targets = tf.reshape(labels!, [-1, classes]);
    const known = tf.cast(tf.greater(tf.sum(targets, 1), 0), 'float32') as Tensor;
    const right = hits(logits, tf.argMax(targets, 1) as Tensor);
    return {
      loss: meanOfCounted(softmaxCrossEntropy(logits, targets), known),
      metrics: { accuracy: meanOfCounted(right, known) },
    };
  };
}
