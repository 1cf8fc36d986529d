import { z } from 'zod';
import { stopGradient } from '../../engine/autodiff.js';
import { relu } from '../../engine/ops/activations.js';
import { sparseSoftmaxCrossEntropy } from '../../engine/ops/cross-entropy.js';
import { hits } from '../../engine/ops/hits.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { Variable } from '../../engine/variable.js';
import { UserError } from '../../errors.js';
import { batchNormLayer } from '../../nn/batch-norm.js';
import { gradientReversal } from '../../nn/domains/gradient-reversal.js';
import { projectionHead } from '../../nn/projection-head.js';
import type { Scope } from '../../nn/scope.js';
import type { SslLoss, SslMethod } from './ssl-method.js';

/**
 * Options of augmentation-adversarial training; the default weight is that of loss-gated learning (Tao et al., "Self-supervised Speaker
 * Recognition with Loss-gated Learning", ICASSP 2022, arXiv:2110.03869).
 */
export const adversaryOptions = z.strictObject({
  weight: z.number().positive().default(3).describe('weight of the reversed gradient that reaches the network'),
  hiddenSize: z.number().int().positive().default(512).describe('width of the discriminator'),
});

export type AdversaryOptions = z.output<typeof adversaryOptions>;

/** The discriminator and its effect on the network. */
export interface Adversary {
  /** The discriminator's weights. */
  trained: Variable[];
  /**
   * The method's loss with the adversary's gradients, and two more metrics. The value stays the method's own. `views` hold the
   * features of all global crops, crop-major, and of the twins (see cropsWithTwins).
   */
  oppose(loss: SslLoss, views: { batch: number; global: Tensor; twins: Tensor }): SslLoss;
}

/** The fault of an adversary for a method with these crops, or undefined. */
export const adversaryFault = ({ global, clean = false }: { global: number; clean?: boolean }): string | undefined =>
  global >= 2 && !clean
    ? undefined
    : 'adversary: it compares two augmented global crops of an utterance, and this method does not have two. ' +
      'Leave the option out, or choose another method.';

/**
 * Augmentation-adversarial training (Huh et al., "Augmentation adversarial training for self-supervised speaker recognition", 2020,
 * arXiv:2007.12085): a discriminator learns to tell whether two crops of an utterance were augmented alike, and the network `student`
 * learns to keep it from doing so. It sees pairs of embeddings: the first crop with the second one's audio, once under the first one's
 * augmentation and once under its own. It learns by the plain gradient of its cross-entropy; the network gets the reversed one times the
 * weight. Throws UserError where a method cannot have one.
 */
export function createAdversary(
  scope: Scope,
  { networks }: Pick<SslMethod, 'networks'>,
  crops: { global: number; clean?: boolean },
  options: AdversaryOptions,
): Adversary {
  const fault = adversaryFault(crops);
  if (fault) throw new UserError(fault);
  const network = networks.student;
  if (!network)
    throw new UserError(
      "adversary: it works on a method's network 'student', and this method has no network of that name.",
    );
  const inputs = 2 * network.embeddingSize;
  const norm = batchNormLayer(scope.child('norm'), inputs);
  const classify = projectionHead(scope, { inputs, sizes: [options.hiddenSize, 2] });
  const discriminate = (pairs: Tensor): Tensor => classify(relu(norm(pairs, { training: true })));
  return {
    trained: scope.params(),
    oppose({ embeddings, loss: methodLoss, metrics }, { batch, global, twins }) {
      const embed = (crops: Tensor) => network.embed(crops, { training: true });
      const rows = (x: Tensor, place: number) =>
        tf.slice(x, [place * batch, ...x.shape.slice(1).map(() => 0)], [batch, ...x.shape.slice(1)]);
      const first = rows(embeddings, 0);
      // A network that has a key encoder beside it has not seen the second crop.
      const second = embeddings.shape[0]! >= 2 * batch ? rows(embeddings, 1) : embed(rows(global, 1));
      const pairs = tf.concat([tf.concat([first, embed(twins)], 1), tf.concat([first, second], 1)], 0);
      const { loss, accuracy } = discriminatorLoss(discriminate(gradientReversal(pairs, options.weight)), batch);
      return {
        embeddings,
        // Zero, with the gradient of the adversary's loss.
        loss: tf.add(methodLoss, tf.sub(loss, stopGradient(loss))),
        metrics: { ...metrics, adversaryLoss: loss, adversaryAccuracy: accuracy },
      };
    },
  };
}

/** Cross-entropy and accuracy of `logits` [2 batch, 2] where the first half is augmented alike. */
function discriminatorLoss(logits: Tensor, batch: number): { loss: Tensor; accuracy: Tensor } {
  const alike = tf.tensor1d(
    Array.from({ length: 2 * batch }, (_, row) => (row < batch ? 1 : 0)),
    'int32',
  );
  return {
    loss: tf.mean(sparseSoftmaxCrossEntropy(logits, alike)),
    accuracy: tf.mean(hits(logits, alike)),
  };
}
