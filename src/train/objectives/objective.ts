import type { Tensor } from '../../engine/tf.js';

/** What an objective learns from, beside the layer's outputs. */
export interface ObjectiveNeeds {
  /** Rows of a source and of a target: the training corpus and the option `target`. */
  domains?: boolean;
  /** The artifact with a label for each utterance. */
  utteranceLabels?: string;
  /** The artifact with labels of frames. */
  frameLabels?: string;
}

/** What an objective sees of a micro-batch. */
export interface Seen {
  /**
   * The layer's outputs, source rows first, then the target's; of a layer of frames their mean over time, unless the labels are of frames.
   * Where there are labels of the source alone, its rows alone. // [rows, size] or [rows, time, size]
   */
  output: Tensor;
  /** Rows of the source. */
  sources: number;
  /**
   * A distribution over the classes for each row, or frame, of the output; zeros where none is known. Of a layer of one vector an
   * utterance, and labels of frames, the shares of the classes among the crop's known frames. // [rows, classes] or [rows, time, classes]
   */
  labels?: Tensor;
  /** Share of the run that is done, from 0 to 1: a scalar. */
  progress: Tensor;
}

/** A loss beside the main one, a scalar, before its weight; and scalars to log. */
export type Objective = (seen: Seen) => { loss: Tensor; metrics?: Record<string, Tensor> };
