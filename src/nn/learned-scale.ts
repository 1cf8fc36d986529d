import { type Tensor, tf } from '../engine/tf.js';
import type { Scope } from './scope.js';

/**
 * Logits w cos + b with w (above 0) and b learned, from 10 and -5 (Wan et al., "Generalized End-to-End Loss for Speaker
 * Verification", 2018, arXiv:1710.10467). A bias that all candidates share has no effect in a softmax; it is kept as published.
 */
export function learnedScale(scope: Scope): (cosines: Tensor) => Tensor {
  const [w, b] = [scope.param('weight', [], 10), scope.param('bias', [], -5)];
  return (cosines) => tf.add(tf.mul(cosines, tf.maximum(w.read(), 1e-6)), b.read());
}
