import {
  type ClassificationLoss,
  glorotUniform,
  refuseIdle,
  type Scope,
  sparseSoftmaxCrossEntropy,
  type Tensor,
  tf,
  withMargin,
  withoutGradient,
  z,
} from '../../index.js';
import { centerLoss } from './center-loss.js';
import { classCosines, targetClass } from './class-cosines.js';

/** The kind of margin: see withMargin. */
type Kind = 'cosface' | 'arcface';

const interTopK = z.strictObject({
  classes: z.number().int().positive().default(5),
  margin: z.number().min(0).lt(Math.PI).default(0.06),
});

/**
 * Options of a softmax with a margin; `largest` bounds the margin, described by `unit`. Its extensions:
 * - sub-centers: J. Deng, J. Guo, T. Liu, M. Gong, S. Zafeiriou, "Sub-center ArcFace: Boosting Face Recognition by Large-Scale Noisy
 *   Web Faces", ECCV 2020;
 * - inter-top-k: M. Zhao, Y. Ma, Y. Ding et al., "Multi-Query Multi-Head Attention Pooling and Inter-TopK Penalty for Speaker
 *   Verification", ICASSP 2022, arXiv:2110.05042;
 * - center loss: see center-loss.ts.
 */
export const marginSoftmaxOptions = (largest: number, unit: string) =>
  z
    .strictObject({
      margin: z.number().min(0).lt(largest).default(0.2).describe(unit),
      scale: z.number().positive().default(32),
      subCenters: z
        .number()
        .int()
        .min(2)
        .optional()
        .describe('prototypes of each class, of which the nearest counts: 3 is usual'),
      interTopK: interTopK
        .optional()
        .describe('an additional margin that brings the nearest wrong classes nearer still'),
      center: z
        .number()
        .positive()
        .optional()
        .describe('weight of half the squared distance to the centre of the class (center loss)'),
      centerRate: z
        .number()
        .positive()
        .max(1)
        .optional()
        .describe('how fast centres follow the embeddings, the alpha of center loss; default 0.5'),
    })
    .superRefine(
      refuseIdle(({ center, centerRate }) => [
        [center === undefined && centerRate !== undefined, 'centerRate', 'has no effect without center'],
      ]),
    );

type MarginSoftmaxOptions = z.output<ReturnType<typeof marginSoftmaxOptions>>;

/** Whether there is a margin, on the true class or on its rivals. */
export const hasMarginSoftmax = ({ margin, interTopK }: MarginSoftmaxOptions): boolean =>
  margin > 0 || (interTopK?.margin ?? 0) > 0;

interface LossContext {
  scope: Scope;
  embeddingSize: number;
  classes: number;
  options: MarginSoftmaxOptions;
}

/** Builds the softmax over scaled cosines to class prototypes, with the margin `kind` on the true class's. */
export const marginSoftmax =
  (kind: Kind) =>
  ({ scope, embeddingSize, classes, options }: LossContext) => {
    const { margin, scale, subCenters = 1, interTopK } = options;
    const prototypes = scope.param('prototypes', [embeddingSize, classes], glorotUniform);
    const others = Array.from({ length: subCenters - 1 }, (_, i) =>
      scope.param(`prototypes-${i + 2}`, [embeddingSize, classes], glorotUniform),
    );
    const center = options.center && centerLoss(scope, [classes, embeddingSize], options.center, options.centerRate);
    return {
      prototypes,
      losses(embeddings, labels, moment) {
        const cosines = classCosines(embeddings, [prototypes, ...others]);
        const { cosine, target } = targetClass(cosines, labels);
        const moved = withMargin(cosine, { kind, value: tf.mul(moment.margin, margin) });
        const rivals = interTopK
          ? withHardest(cosines, target, {
              kind,
              count: interTopK.classes,
              value: tf.mul(moment.margin, interTopK.margin),
            })
          : cosines;
        const losses = (values: Tensor): Tensor => sparseSoftmaxCrossEntropy(tf.mul(values, scale), labels);
        return {
          losses: losses(tf.add(rivals, tf.mul(target, tf.sub(moved, cosine)))),
          plain: losses(cosines),
          scores: cosines,
          ...(center && { beside: center.losses(embeddings, labels) }),
        };
      },
      ...(center && { note: center.note }),
    } satisfies ClassificationLoss;
  };

/** Cosines of which the `count` largest of wrong classes are raised: cos(angle - value), or cos + value. */
function withHardest(
  cosines: Tensor,
  target: Tensor,
  { kind, count, value }: { kind: Kind; count: number; value: Tensor },
): Tensor {
  const wrong = Math.min(count, cosines.shape[1]! - 1);
  if (wrong === 0) return cosines;
  const hardest = withoutGradient(() => {
    // The true class comes last.
    const rivals = tf.sub(cosines, tf.mul(target, 3)) as Tensor;
    const least = tf.min(tf.topk(rivals, wrong).values, 1, true);
    return tf.cast(tf.greaterEqual(rivals, least), 'float32') as Tensor;
  });
  // cos(angle - value) = -cos((pi - angle) + value).
  const raised = tf.neg(withMargin(tf.neg(cosines), { kind, value }));
  return tf.add(cosines, tf.mul(hardest, tf.sub(raised, cosines)));
}
