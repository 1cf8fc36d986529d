import type { z } from 'zod';
import type { NoiseBank } from '../audio/augment/bank.js';
import type { RowChange } from '../audio/augment/choice.js';
import type { Clustering } from '../cluster/clustering.js';
import type { Tensor } from '../engine/tf.js';
import type { WorkerGroup } from '../engine/workers/group.js';
import type { Backbone, TappedLayer } from '../nn/backbone.js';
import type { PoolingLayer } from '../nn/pooling.js';
import type { Scope } from '../nn/scope.js';
import type { ClassificationLoss } from '../train/classifier/classification-loss.js';
import type { Compared, DistillationLoss } from '../train/distill/distillation-loss.js';
import type { Objective, ObjectiveNeeds } from '../train/objectives/objective.js';
import type { SslContext, SslMethod } from '../train/step/ssl-method.js';
import type { PluginBase } from './plugin.js';
import type { StagePlugin } from './stage.js';

/** A network family: features to embedding. */
export interface BackbonePlugin<O extends z.ZodType = z.ZodType> extends PluginBase<'backbone', O> {
  /**
   * Options of a model on disk (as written there) in today's terms. For an option that came later than some models, or whose default
   * changed: what a model does not say means what it meant when it was written. Default: as they are.
   */
  upgrade?(options: Record<string, unknown>): Record<string, unknown>;
  build(context: {
    scope: Scope;
    bins: number;
    options: z.output<O>;
    /** Builds the pooling that the option `pooling` chose, over `channels`; 'tstp' where there is no such option. */
    pooling(scope: Scope, channels: number): PoolingLayer;
    /** Builds the backbone that the option `of` chose; only where there is such an option. */
    of?(scope: Scope): Backbone;
  }): Backbone;
}

/** Pools the frames of an utterance into one vector. */
export interface PoolingPlugin<O extends z.ZodType = z.ZodType> extends PluginBase<'pooling', O> {
  build(context: { scope: Scope; channels: number; options: z.output<O> }): PoolingLayer;
}

/** A self-supervised method. */
export interface SslPlugin<O extends z.ZodType = z.ZodType> extends PluginBase<'ssl', O> {
  /** Crops of each utterance that the method wants; `clean` global crops are not augmented. */
  views(options: z.output<O>): { global: number; local: number; clean?: boolean };
  /**
   * True where the loss is that of the whole batch though several workers have a part of it each: it is a mean over rows, or brings
   * the rows together by wholeBatchRows. Default: false, and the method is trained by one process only.
   */
  manyWorkers?: boolean;
  /**
   * Checked before the run starts: a sentence for each setting that the method cannot work with. `batch` is the number of
   * utterances in a forward pass (batchSize / accumulate).
   */
  check?(options: z.output<O>, training: { batch: number }): string[];
  build(context: SslContext<z.output<O>>): SslMethod;
}

/** A loss over labelled embeddings. */
export interface LossPlugin<O extends z.ZodType = z.ZodType> extends PluginBase<'loss', O> {
  /** False where `losses` gives no class scores: labels cannot be corrected by it. Default: true. */
  scores?: boolean;
  /** False where it has no margin with these options, so that a schedule of the margin would do nothing. Default: it has one. */
  hasMargin?(options: z.output<O>): boolean;
  /** For a loss that compares utterances: rows come in runs of this many of one speaker. Absent: any utterances make a batch. */
  batch?(options: z.output<O>): { utterancesPerSpeaker: number };
  /** As an ssl plugin's `manyWorkers`, for a loss that compares utterances; any other is a mean over rows. */
  manyWorkers?: boolean;
  /** Further settings that the loss cannot work with, as an ssl plugin's `check`. */
  check?(options: z.output<O>, training: { batch: number }): string[];
  build(context: { scope: Scope; embeddingSize: number; classes: number; options: z.output<O> }): ClassificationLoss;
}

/** A loss that brings a student's outputs near its teacher's. */
export interface DistillationPlugin<O extends z.ZodType = z.ZodType> extends PluginBase<'distillation', O> {
  compares: Compared;
  /** True where it asks for the class of each row. Default: false. */
  labels?: boolean;
  /** As an ssl plugin's `manyWorkers`. */
  manyWorkers?: boolean;
  /** Further settings that the loss cannot work with, as an ssl plugin's `check`. */
  check?(options: z.output<O>, training: { batch: number }): string[];
  build(options: z.output<O>): DistillationLoss;
}

/** A loss beside the main one, at a layer of the network that is trained. Its options have `objectiveOptions` among them. */
export interface ObjectivePlugin<O extends z.ZodType = z.ZodType> extends PluginBase<'objective', O> {
  /** As an ssl plugin's `manyWorkers`. */
  manyWorkers?: boolean;
  needs(options: z.output<O>): ObjectiveNeeds;
  /** `classes`: of its labels, 2 for domains. Heads in `scope` are trained, and dropped with the training's end. */
  build(context: { scope: Scope; layer: TappedLayer; classes: number; options: z.output<O> }): Objective;
}

/** A clustering algorithm over embeddings. */
export interface ClusteringPlugin<O extends z.ZodType = z.ZodType> extends PluginBase<'clustering', O> {
  /** True where several workers can share the work. Default: false, and it is done by the first. */
  manyWorkers?: boolean;
  /** `points` [rows, size] row-major float32. */
  cluster(context: {
    points: Float32Array;
    rows: number;
    size: number;
    seed: number;
    options: z.output<O>;
    device: 'auto' | 'cpu' | 'gpu';
    threads: number;
    log(line: string): void;
    signal?: AbortSignal;
    /** The processes that cluster the same points together; what others than the first return is not looked at. */
    workers?: WorkerGroup;
  }): Promise<Clustering>;
}

/** A rule for the largest loss at which a pseudo-label is still trusted. */
export interface GatePlugin<O extends z.ZodType = z.ZodType> extends PluginBase<'gate', O> {
  /**
   * The largest loss that is kept, from the last losses of all utterances (NaN where none is known yet). Infinity keeps
   * all. `components` describes the fit, for the log and the report.
   */
  threshold(losses: Float32Array, options: z.output<O>): { threshold: number; components?: Record<string, number> };
}

/** The inputs of an augmentation. */
export interface AugmentationContext<O> {
  /** Prefix of the random draws' names. */
  name: string;
  options: O;
  /** The noises of an earlier `noises` stage of this name; a stand-in while nothing has run yet. */
  bank(artifact: string): NoiseBank;
  /** The augmentations that an option `of` chose, in its order. */
  of: readonly RowChange[];
}

/** A change to a training batch, traced into the graph: to its waveforms, or its features. */
export interface AugmentationPlugin<O extends z.ZodType = z.ZodType> extends PluginBase<'augmentation', O> {
  /**
   * `wave` [rows, samples] float32 on int16 scale, to the same shape; each row is one recording (of one or several crops) with draws of
   * its own. Random draws must be named below `name`.
   */
  apply?(wave: Tensor, context: AugmentationContext<z.output<O>>): Tensor;
  /** `features` [rows, frames, bins] as the network would see them, to the same shape. */
  features?(features: Tensor, context: AugmentationContext<z.output<O>>): Tensor;
}

/** Each kind's plugin as the registry hands it out: its options are known to its own schema only. */
export interface PluginKinds {
  stage: StagePlugin;
  ssl: SslPlugin;
  backbone: BackbonePlugin;
  pooling: PoolingPlugin;
  loss: LossPlugin;
  distillation: DistillationPlugin;
  objective: ObjectivePlugin;
  clustering: ClusteringPlugin;
  gate: GatePlugin;
  augmentation: AugmentationPlugin;
}
