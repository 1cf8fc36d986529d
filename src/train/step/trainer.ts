import type { Session } from '../../engine/session/session.js';
import { UserError } from '../../errors.js';
import type { Backbone } from '../../nn/backbone.js';
import type { Scope } from '../../nn/scope.js';
import type { OptimizerOptions } from '../../optim/optimizer.js';
import { type AverageOptions, type Averaging, createAveraging } from '../averaging/averaging.js';
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
}

/** The update of one trainer, without its common parts. */
export interface UpdateParts<V> extends Omit<StepParts<V>, 'session' | 'optimizer' | 'accumulate'> {
  /** Scopes whose variables are averaged. */
  averaged: readonly Scope[];
}

/** Compiles a trainer's update; a moving average of its weights is taken at the update's end. */
export function createUpdate<V>(
  { session, optimizer, accumulate, average: averageOptions }: TrainerParts,
  { averaged, ...parts }: UpdateParts<V>,
): { update: TrainingStep; average: Averaging } {
  const average = createAveraging(session, averaged, averageOptions);
  const update = createTrainingStep({
    ...parts,
    session,
    optimizer,
    accumulate,
    afterStep(inputs) {
      parts.afterStep?.(inputs);
      average.update?.(inputs.step);
    },
  });
  return { update, average };
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
