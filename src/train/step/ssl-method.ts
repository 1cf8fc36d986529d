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

/** Where a run stands; schedules are pure functions of it. */
export interface Moment {
  /** Steps done. */
  step: number;
  /** Steps of the whole run. */
  steps: number;
  /** Passes over the data done, fractional. */
  epoch: number;
}

/** What a self-supervised method may build with. */
export interface SslContext<O> {
  options: O;
  /** Builds the configured backbone under a name. Every network built here starts from the same weights. */
  backbone(name: string): Network;
  /**
   * Opens a scope for what the method adds: heads, centres, queues. All of it is checkpointed. Two scopes with the same
   * `like` and the same layers start from the same weights.
   */
  scope(name: string, like?: string): Scope;
}

/** A backbone and the scope that holds its variables. */
export interface Network extends Backbone {
  scope: Scope;
}

/** What a method computes from a batch. */
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

/** A method, built: what is trained, how the loss is made, and which network is the result. */
export interface SslMethod {
  /** Weights that the optimizer updates. */
  trained: Variable[];
  /** The networks worth scoring, by name; the first is the one exported. */
  networks: Record<string, Network>;
  /** Numbers that change during the run (temperatures, momenta); fed into the graph at every step. */
  schedule?(moment: Moment): Record<string, number>;
  /** The loss, what to log and the embeddings, from views and the schedule's values (scalars). */
  loss(views: Views, schedule: Record<string, Tensor>): SslLoss;
  /**
   * Trained weights that do not learn in every step, each with the name of the schedule's value that says so: 1, or 0 where the
   * weight stands still, weight decay included.
   */
  learnsWhen?: ReadonlyMap<Variable, string>;
  /** Updates that follow the optimizer's in the same step: an EMA teacher, a queue. */
  afterStep?(schedule: Record<string, Tensor>): void;
}
