import { type Tensor, tf } from '../engine/tf.js';

/** Entropy in nats of distributions `p` [rows, classes], averaged over the rows; 0 log 0 is 0. */
export const meanEntropy = (p: Tensor): Tensor => tf.neg(tf.mean(tf.sum(tf.mul(p, tf.log(tf.add(p, 1e-20))), 1)));
