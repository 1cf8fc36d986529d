import type { Tensor } from '../../engine/tf.js';
import type { Variable } from '../../engine/variable.js';
import type { Backbone } from '../../nn/backbone.js';
import type { Scope } from '../../nn/scope.js';

/** Crops of one batch, as features; rows are crop-major (row = crop * batch + utterance). */
export interface Views {
  /** Utterances in the batch. */
  batch: number;
  /** [globalCrops * batch, frames, bins] */
  global: Tensor;
  /** [localCrops * batch, frames, bins], or null when the method asks for none. */
  local: Tensor | null;
}

/** How far a run has come; schedules are pure functions of it. */
export interface RunPosition {
  /** Steps done. */
  step: number;
  /** Steps of the whole run. */
  steps: number;
  /** Passes over the data done, fractional. */
  epoch: number;
}

/** The means a self-supervised method is built with. */
export interface SslContext<O> {
  options: O;
  /** Numbers of a frame of the features. */
  bins: number;
  /** Builds the configured backbone under a name. Every network built here starts from the same weights. */
  backbone(name: string): Network;
  /**
   * Opens a scope for the variables that the method adds: heads, centres, queues. All of it is checkpointed. Two scopes with the same
   * `like` and the same layers start from the same weights.
   */
  scope(name: string, like?: string): Scope;
}

/** A backbone and the scope that holds its variables. */
export interface Network extends Backbone {
  scope: Scope;
}

/** The result of a method's forward pass on a batch. */
export interface SslLoss {
  /** Scalar. */
  loss: Tensor;
  /**
   * Scalars to log. A method with a softmax over prototypes logs `outputs` (their number), `teacherEntropy` and `studentEntropy`
   * (nats): collapse shows in them.
   */
  metrics: Record<string, Tensor>;
  /**
   * The trained network's embeddings [crops * batch, size], crop-major, of the first global crop onwards. Their spread and rank
   * are logged, and options that any method can take work on them.
   */
  embeddings: Tensor;
}

/** A method, built: trained weights, loss and resulting networks. */
export interface SslMethod {
  /** Weights that the optimizer updates. */
  trained: Variable[];
  /** The networks worth scoring, by name; the first is the one exported. */
  networks: Record<string, Network>;
  /** Numbers that change during the run (temperatures, momenta); fed into the graph at every step. */
  schedule?(position: RunPosition): Record<string, number>;
  /**
   * Loss, metrics and embeddings, from views and the schedule's values (scalars). Variables that it assigns move once an update, by the
   * mean over its micro-batches; what is no mean, such as a queue, takes its rows through withWholeBatch.
   */
  loss(views: Views, schedule: Record<string, Tensor>): SslLoss;
  /**
   * Trained weights that are frozen in some steps, each with the name of the schedule's value that decides: 1 learns, 0 is frozen,
   * weight decay included.
   */
  learnsWhen?: ReadonlyMap<Variable, string>;
  /** Updates that follow the optimizer's in the same step: an EMA teacher, a queue. */
  afterStep?(schedule: Record<string, Tensor>): void;
}

/** For a method's `check`: the fault of a forward pass on fewer than `least` utterances, `because` of whatever needs them. */
export const leastBatch = (batch: number, least: number, because: string): string[] =>
  batch >= least
    ? []
    : [
        `${because} at least ${least} utterances at a time, and there are ${batch}: raise batchSize or lower accumulate.`,
      ];
