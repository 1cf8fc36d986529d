import { z } from 'zod';
import type { Json } from './json.js';
import type {
  AugmentationPlugin,
  BackbonePlugin,
  ClusteringPlugin,
  DistillationPlugin,
  GatePlugin,
  LossPlugin,
  ObjectivePlugin,
  PoolingPlugin,
  SslPlugin,
} from './kinds.js';
import type { StageDefinition, StagePlugin } from './stage.js';

type Definition<P> = Omit<P, 'kind'>;

/** A step of a recipe, with its own folder and result. */
export function defineStage<O extends z.ZodType, R extends z.ZodType<Json> = z.ZodType<Json>>(
  definition: StageDefinition<O, R>,
): StagePlugin<O, R>;
export function defineStage(definition: StageDefinition): StagePlugin {
  return { ...definition, result: definition.result ?? z.json(), kind: 'stage' };
}

/** A method of self-supervised learning. */
export function defineSsl<O extends z.ZodType>(definition: Definition<SslPlugin<O>>): SslPlugin<O> {
  return { ...definition, kind: 'ssl' };
}

/** A network family, from features to embedding. */
export function defineBackbone<O extends z.ZodType>(definition: Definition<BackbonePlugin<O>>): BackbonePlugin<O> {
  return { ...definition, kind: 'backbone' };
}

/** A layer that pools the frames of an utterance into one vector. */
export function definePooling<O extends z.ZodType>(definition: Definition<PoolingPlugin<O>>): PoolingPlugin<O> {
  return { ...definition, kind: 'pooling' };
}

/** A classification loss over embeddings and labels. */
export function defineLoss<O extends z.ZodType>(definition: Definition<LossPlugin<O>>): LossPlugin<O> {
  return { ...definition, kind: 'loss' };
}

/** A loss between a student's outputs and its teacher's. */
export function defineDistillation<O extends z.ZodType>(
  definition: Definition<DistillationPlugin<O>>,
): DistillationPlugin<O> {
  return { ...definition, kind: 'distillation' };
}

/** A loss beside the main one, at a layer of the network that is trained. */
export function defineObjective<O extends z.ZodType>(definition: Definition<ObjectivePlugin<O>>): ObjectivePlugin<O> {
  return { ...definition, kind: 'objective' };
}

/** A clustering algorithm, from embeddings to pseudo-labels. */
export function defineClustering<O extends z.ZodType>(
  definition: Definition<ClusteringPlugin<O>>,
): ClusteringPlugin<O> {
  return { ...definition, kind: 'clustering' };
}

/** A rule that decides which pseudo-labels training believes. */
export function defineGate<O extends z.ZodType>(definition: Definition<GatePlugin<O>>): GatePlugin<O> {
  return { ...definition, kind: 'gate' };
}

/** A change to the waveforms or features of a training batch. */
export function defineAugmentation<O extends z.ZodType>(
  definition: Definition<AugmentationPlugin<O>>,
): AugmentationPlugin<O> {
  return { ...definition, kind: 'augmentation' };
}
