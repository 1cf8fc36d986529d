import type { TappedLayer } from '../../nn/backbone.js';
import type { Compared, DistillationLoss } from './distillation-loss.js';

/** Several teachers' outputs side by side, or their mean. */
export type Combination = 'concatenate' | 'average';

/** One comparison of a student with its teachers. */
export interface Level {
  /** The student's layer. */
  student: string;
  /** The teachers' layers, which are put side by side. */
  teacher: readonly string[];
  /** Frames are compared one by one, or a vector for the whole utterance. */
  of: TappedLayer['of'];
  compares: Compared;
  loss: DistillationLoss;
  weight: number;
  /** Sizes of a learned linear map from the student's layer to the target. Absent: they are compared as they are. */
  projection?: { inputs: number; outputs: number };
}
