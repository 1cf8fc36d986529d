import { gather } from '../../engine/gather.js';
import { type Tensor, tf } from '../../engine/tf.js';

/** A weight in a few values: `values[codes]` times the scale of its channel. */
export interface Rounded {
  /** int32, in the weight's shape. */
  codes: Tensor;
  /** [values] */
  values: Tensor;
  /** One for each channel, the last axis, or one for all. // [channels] or [1] */
  scales: Tensor;
}

/**
 * The rounded weight in the forward pass; its gradient goes straight through to the full one, as if nothing were rounded. With `learned`
 * the scales have the gradient of the product: the sum over their channel of the weight's gradient times its value.
 *
 * Y. Bengio, N. Leonard, A. Courville, "Estimating or Propagating Gradients Through Stochastic Neurons for Conditional Computation",
 * 2013, arXiv:1308.3432.
 */
export function straightThrough(weights: Tensor, { codes, values, scales }: Rounded, learned: boolean): Tensor {
  const op = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void;
    const [, own = scales] = args as Tensor[];
    const chosen = gather(values, codes);
    save(learned ? [chosen] : []);
    return {
      value: tf.mul(chosen, own) as Tensor,
      gradFunc: (dy: Tensor, saved: Tensor[]) => (learned ? [dy, sumByScale(tf.mul(dy, saved[0]), scales.size)] : [dy]),
    };
  });
  return learned ? op(weights, scales) : op(weights);
}

/** Sums over all axes but the last, or over all. // [channels] or [1] */
export function sumByScale(x: Tensor, scales: number): Tensor {
  return tf.sum(tf.reshape(x, scales === 1 ? [-1, 1] : [-1, scales]), 0);
}

/** The largest over all axes but the last, or over all. // [channels] or [1] */
export function maxByScale(x: Tensor, scales: number): Tensor {
  return tf.max(tf.reshape(x, scales === 1 ? [-1, 1] : [-1, scales]), 0);
}
