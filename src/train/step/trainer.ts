import type { Session } from '../../engine/session/session.js';
import { UserError } from '../../errors.js';
import type { Backbone } from '../../nn/backbone.js';
import type { Scope } from '../../nn/scope.js';
import type { OptimizerOptions } from '../../optim/optimizer.js';
import { type AverageOptions, type Averaging, createAveraging } from '../averaging/averaging.js';
import { type BitsChoice, buildInBits, type TrainedBits } from '../quantize/trained-bits.js';
import type { CropView } from './crop-features.js';
import { createTrainingStep, type StepParts, type TrainingStep } from './training-step.js';

/** The parts that the pretrainer and the finetuner have in common. */
export interface TrainerParts {
  session: Session;
  seed: number;
  /** Builds the network at a scope. */
  backbone(scope: Scope): Backbone;
  /** Augmentation and features. */
  view: CropView;
  optimizer: OptimizerOptions;
  /** Micro-batches in an update. Default 1. */
  accumulate?: number;
  /** The mean of weights that a training results in. Default: the last weights. */
  average?: AverageOptions;
  /** The bits that the network's layers are trained in. Default: in full. */
  quantize?: BitsChoice;
}

/** The update of one trainer, without its common parts. */
export interface UpdateParts<V> extends Omit<StepParts<V>, 'session' | 'optimizer' | 'accumulate'> {
  /** Scopes whose variables are averaged; what is learned for bits joins them. */
  averaged: readonly Scope[];
  bits?: TrainedBits;
}

/** Compiles a trainer's update; a moving average of its weights is taken at the update's end. */
export function createUpdate<V>(
  { session, optimizer, accumulate, average: averageOptions }: TrainerParts,
  { averaged, bits, ...parts }: UpdateParts<V>,
): { update: TrainingStep; average: Averaging } {
  const average = createAveraging(session, bits ? averaged.concat(bits.scope) : averaged, averageOptions);
  const update = createTrainingStep({
    ...parts,
    session,
    optimizer,
    accumulate,
    afterStep(inputs) {
      parts.afterStep?.(inputs);
      bits?.move();
      average.update?.(inputs.step);
    },
  });
  return { update, average };
}

/** The network of a trainer at `scope`, in bits where they are chosen; in training it refuses crops that are too short. */
export function trainedNetwork(
  { session, backbone, quantize }: Pick<TrainerParts, 'session' | 'backbone' | 'quantize'>,
  scope: Scope,
): { network: Backbone; bits?: TrainedBits } {
  if (!quantize) return { network: withFrameCheck(backbone(scope)) };
  const { network, bits } = buildInBits(session, scope, backbone, quantize);
  return { network: withFrameCheck(network), bits };
}

/** The backbone; in training it refuses crops of fewer frames than its strides and unpadded convolutions need, with a UserError. */
export function withFrameCheck(backbone: Backbone): Backbone {
  const { minFrames = 1, embed } = backbone;
  return {
    ...backbone,
    embed(features, pass) {
      const frames = features.shape[1]!;
      if (pass.training && frames < minFrames) {
        throw new UserError(
          `The crops have ${frames} frames, but the backbone needs at least ${minFrames}. ` +
            'Lengthen the crops (globalSeconds, localSeconds or cropSeconds) or take another backbone.',
        );
      }
      return embed(features, pass);
    },
  };
}
