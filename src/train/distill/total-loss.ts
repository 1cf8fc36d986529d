import type { Loss } from '../../engine/autodiff.js';
import { hits } from '../../engine/ops/hits.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { Scope } from '../../nn/scope.js';
import type { ClassificationLoss, LossSchedule } from '../classifier/classification-loss.js';
import type { Combination, Level } from './level.js';
import { createLevelLoss, type Heard } from './level-loss.js';
import type { TeacherViews } from './teachers.js';

/** The student's classifier and the weight of its loss; 0 where it learns from the teachers' scores alone. */
export interface StudentHead {
  head: ClassificationLoss;
  weight: number;
}

/** The loss of a distillation on what student and teachers made of a micro-batch. */
export type TotalLoss = (
  student: Heard,
  teachers: TeacherViews,
  training: { labels?: Tensor; schedule: LossSchedule },
) => Loss<Record<string, Tensor>>;

/**
 * The weighted sum of all levels and of the classification loss. Beside it: each level's own as `level1`, `level2`, ... in the recipe's
 * order, and, with a classifier, `classification` and the `accuracy` of its scores.
 */
export function createTotalLoss(
  scope: Scope,
  { levels, combine }: { levels: readonly Level[]; combine: Combination },
  classifier: StudentHead | undefined,
): TotalLoss {
  const terms = levels.map((level, i) => {
    const lossOf = createLevelLoss(scope.child(i + 1), level, combine);
    return { ...level, lossOf };
  });
  return (student, { heard, scores }, { labels, schedule }) => {
    const classified = classifier && labels && classify(classifier, student, labels, schedule);
    const losses = terms.map(({ compares, loss, lossOf }) =>
      compares === 'scores' ? loss(classified!.scores!, scores!, labels) : lossOf(student, heard, labels),
    );
    const weighted = losses.map((loss, i): Tensor => tf.mul(loss, terms[i].weight));
    if (classified) weighted.push(tf.mul(classified.loss, classifier.weight));
    return {
      loss: tf.addN(weighted),
      aux: {
        ...Object.fromEntries(losses.map((loss, i) => [`level${i + 1}`, loss])),
        ...(classified && classifier.weight > 0 && classified.metrics),
      },
    };
  };
}

/** Class scores and mean loss of the student's embeddings. */
function classify({ head }: StudentHead, { outputs }: Heard, labels: Tensor, schedule: LossSchedule) {
  const { losses, beside, scores } = head.losses(outputs.get('embedding')!, labels, schedule);
  const loss = tf.mean(beside ? tf.add(losses, beside) : losses) as Tensor;
  const accuracy = scores && tf.mean(hits(scores, labels));
  return { loss, scores, metrics: { classification: loss, ...(accuracy && { accuracy }) } };
}
