import {
  type ClassificationLoss,
  glorotUniform,
  type Scope,
  segmentSums,
  type Tensor,
  tf,
  withWholeBatch,
} from '../../index.js';

/** Center loss beside another loss. */
interface CenterLoss {
  /** [batch], from embeddings [batch, size] and labels [batch]. */
  losses(embeddings: Tensor, labels: Tensor): Tensor;
  note: NonNullable<ClassificationLoss['note']>;
}

/**
 * Half the squared distance of an embedding to the centre of its class, times `weight`. Centres [classes, size] are not trained: after each
 * update c moves by -`rate` sum(c - x) / (1 + n), over the n embeddings x of its class in the batch.
 *
 * Y. Wen, K. Zhang, Z. Li, Y. Qiao, "A Discriminative Feature Learning Approach for Deep Face Recognition", ECCV 2016.
 */
export function centerLoss(
  scope: Scope,
  shape: [classes: number, size: number],
  weight: number,
  rate = 0.5,
): CenterLoss {
  const centers = scope.buffer('centers', shape, glorotUniform);
  const own = (labels: Tensor) => tf.gather(centers.read(), labels as ReturnType<typeof tf.tensor1d>);
  return {
    losses: (embeddings, labels) => tf.mul(tf.sum(tf.square(tf.sub(embeddings, own(labels))), 1), weight / 2),
    note(embeddings, labels, counts) {
      withWholeBatch([embeddings, labels, counts], ([x, of, which]) => {
        const apart = tf.mul(tf.sub(own(of), x), tf.expandDims(which, 1));
        const members = tf.expandDims(segmentSums(which, of, shape[0]), 1); // [classes, 1]
        const step = tf.div(segmentSums(apart, of, shape[0]), tf.add(members, 1));
        centers.assign(tf.sub(centers.read(), tf.mul(step, rate)));
      });
    },
  };
}
