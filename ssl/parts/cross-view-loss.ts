import { softmaxCrossEntropy, type Tensor, tf } from '../../src/index.js';

/**
 * Mean cross-entropy from every teacher view to every student view of the same utterance but itself: with 2 global and 4 local
 * crops, 10 terms. `logits` [(global + local) * batch, classes] and `targets` [global * batch, classes] are crop-major. Each
 * row's targets are averaged first, which the cross-entropy allows, being linear in them.
 */
export function crossViewLoss(logits: Tensor, targets: Tensor, batch: number): Tensor {
  const [globalCrops, crops] = [targets.shape[0]! / batch, logits.shape[0]! / batch];
  const views = tf.split(targets, globalCrops, 0);
  const rows: Tensor[] = [];
  const weights: number[] = [];
  for (let view = 0; view < crops; view++) {
    const others = views.filter((_, teacherView) => teacherView !== view);
    rows.push(tf.div(tf.addN(others), others.length));
    weights.push(...Array(batch).fill(others.length));
  }
  const losses = softmaxCrossEntropy(logits, tf.concat(rows, 0));
  return tf.div(tf.sum(tf.mul(losses, tf.tensor1d(weights))), globalCrops * (crops - 1) * batch);
}
