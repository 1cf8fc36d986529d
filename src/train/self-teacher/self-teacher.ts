import { type Loss, stopGradient } from '../../engine/autodiff.js';
import { hits } from '../../engine/ops/hits.js';
import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { meanOfCounted } from '../../engine/workers/collectives.js';
import { denseLayer } from '../../nn/dense.js';
import { bothMoments, timeMoments } from '../../nn/pooling.js';
import { createScope, type Scope } from '../../nn/scope.js';
import type { LossSchedule } from '../classifier/classification-loss.js';
import { alignFrames } from '../distill/align-frames.js';
import type { DistillationLoss } from '../distill/distillation-loss.js';
import { frameMap, type Heard } from '../distill/level-loss.js';
import type { ClassifierParts } from '../distill/teachers.js';
import type { Counted } from '../gate/gated-loss.js';
import { attentionDistance } from './attention-transfer.js';
import { createPyramid, refinedChannels } from './pyramid.js';

/** What a self-teacher is made of. */
export interface SelfTeacherParts {
  /** The network's layers of frames that it hears, two at least, from the features on. */
  layers: readonly { name: string; size: number }[];
  /** Channels of its maps in terms of the layers'. */
  width: number;
  /** Compares the network's class scores with its own. */
  posteriors: { loss: DistillationLoss; weight: number };
  /** Weight of the distance of the layers' attention from its own. */
  attentionWeight: number;
}

/** What is learned of a micro-batch by and from a self-teacher; scalars, before their weights. */
export interface SelfTeacherLosses {
  /** The self-teacher's classification loss. It reaches the network's layers, too. */
  own: Tensor;
  /** Of the network's class scores from the self-teacher's, which are constants. */
  posteriors: Tensor;
  /** Of the layers' attention from that of the refined maps, which are constants; the sum over the layers. */
  attention: Tensor;
  /** Share of the labels that are trained on which the self-teacher names. */
  accuracy: Tensor;
}

/** An auxiliary network that teaches the one it hears. It is trained beside it, and dropped with the training's end. */
export interface SelfTeacher {
  scope: Scope;
  /** The losses, from the network's layers and its labels and class scores of the same rows. */
  losses(heard: Heard, counted: Counted, schedule: LossSchedule): SelfTeacherLosses;
  /** The network's loss with them, weighted; each is logged, and the network's as `classification`. */
  add(
    main: Loss<Record<string, Tensor>> & { counted: Counted },
    heard: Heard,
    schedule: LossSchedule,
  ): Loss<Record<string, Tensor>>;
}

/**
 * Builds a self-teacher for a network with embeddings of `embeddingSize`. It refines the maps of the network's layers along a top-down and a
 * bottom-up path (pyramid.ts), pools mean and deviation of the last refined map, and classifies a linear map of them by a loss and prototypes
 * of its own. The network learns from the labels, from the self-teacher's posteriors and from the attention of its refined maps; the
 * self-teacher from the labels only. What it gives is a constant to the network's losses, or both would meet where there is nothing to learn;
 * what it hears is not: its own loss trains the layers, too, as in the authors' program. Layers of other rates or lengths are brought to
 * the slowest and shortest before (see alignFrames), so that neither path has to stretch a map.
 *
 * B. Liu et al., "Self-Knowledge Distillation via Feature Enhancement for Speaker Verification", ICASSP 2022,
 * doi:10.1109/ICASSP43922.2022.9746529, of which the abstract alone was read; the paths and losses are those of M. Ji et al., "Refine
 * Myself by Teaching Myself: Feature Refinement via Self-Knowledge Distillation", CVPR 2021, arXiv:2103.08273, over time instead of images.
 */
export function createSelfTeacher(
  { session, seed }: { session: Session; seed: number },
  { layers, width, posteriors, attentionWeight }: SelfTeacherParts,
  { classes, loss, embeddingSize }: ClassifierParts & { embeddingSize: number },
): SelfTeacher {
  const scope = createScope(session, 'self-teacher', `${seed}/self-teacher`);
  const sizes = layers.map(({ size }) => size);
  const refine = createPyramid(scope.child('pyramid'), sizes, width);
  const pooledSize = 2 * refinedChannels(sizes.at(-1)!, width);
  const embed = denseLayer(scope.child('embedding'), { inputs: pooledSize, outputs: embeddingSize });
  const head = loss({ scope: scope.child('classifier'), embeddingSize, classes });
  const pass = { training: true };
  const losses: SelfTeacher['losses'] = (heard, { scores, targets, weights }, schedule) => {
    const maps = alignFrames(layers.map(({ name }) => frameMap(heard, name)));
    const refined = refine(maps, pass);
    const embedding = embed(bothMoments(timeMoments(refined.at(-1)!, pass)));
    const own = head.losses(embedding, targets, schedule);
    head.note?.(stopGradient(embedding), targets, weights);
    const sampleLosses = own.beside ? tf.add(own.losses, own.beside) : own.losses;
    return {
      own: meanOfCounted(sampleLosses, weights),
      posteriors: posteriors.loss(scores!, stopGradient(own.scores!), targets),
      attention: tf.addN(maps.map((map, i) => attentionDistance(map, stopGradient(refined[i])))),
      accuracy: tf.mean(hits(own.scores!, targets)),
    };
  };
  return {
    scope,
    losses,
    add({ loss: classification, aux, counted }, heard, schedule) {
      const { own, attention, ...taught } = losses(heard, counted, schedule);
      return {
        loss: tf.addN([
          classification,
          own,
          tf.mul(taught.posteriors, posteriors.weight),
          tf.mul(attention, attentionWeight),
        ]),
        aux: {
          ...aux,
          classification,
          teacherLoss: own,
          teacherAccuracy: taught.accuracy,
          posteriors: taught.posteriors,
          attention,
        },
      };
    },
  };
}
