import type { Batch } from '../data/crops/loader.js';
import { stopGradient } from '../engine/autodiff.js';
import type { Inputs } from '../engine/session/compile.js';
import type { Session } from '../engine/session/session.js';
import type { Tensor } from '../engine/tf.js';
import type { HostTensor } from '../host-tensor.js';
import type { Backbone } from '../nn/backbone.js';
import { createScope, type Scope } from '../nn/scope.js';
import { effectiveRank, spread, unit } from '../nn/statistics.js';
import type { OptimizerOptions } from '../optim/optimizer.js';
import { createMovingAverage, type MovingAverage } from './averaging/moving-average.js';
import { type AdversaryOptions, createAdversary } from './step/adversary.js';
import { type CropView, cleanView, cropsToFeatures, cropsWithTwins } from './step/crop-features.js';
import { withFrameCheck } from './step/frame-check.js';
import { checkMicroBatches, microBatches } from './step/micro-batches.js';
import type { SslContext, SslMethod, Views } from './step/ssl-method.js';
import { meanMetrics, type StepMetrics } from './step/step-metrics.js';
import { type CompiledCall, createTrainingStep, type StepValues } from './step/training-step.js';

/** What a pretraining step is made of. */
export interface PretrainParts {
  session: Session;
  seed: number;
  /** Utterances in a batch. */
  batchSize: number;
  /** Crops of each utterance; `clean` global ones are not augmented. */
  crops: { global: number; local: number; clean?: boolean };
  build(context: Omit<SslContext<never>, 'options'>): SslMethod;
  backbone(scope: Scope): Backbone;
  view: CropView;
  optimizer: OptimizerOptions;
  /** Micro-batches in an update. Default 1. */
  accumulate?: number;
  /** Opposes what tells augmentations apart. Default: nothing does. */
  adversary?: AdversaryOptions;
  /** Keeps the exponential mean of the first network's weights, with this decay. Default: it does not. */
  averageDecay?: number;
}

/** The crops of a batch. */
export type CropArrays = Pick<Batch, 'global' | 'local'>;

/** A method with its step compiled. */
export interface Pretrainer {
  method: SslMethod;
  /** The mean of the first network's weights, where it is kept. */
  average?: MovingAverage;
  /** What one update runs, for a look at it without running. */
  functions(batch: CropArrays, values: StepValues): CompiledCall[];
  /** One update; `values` are the learning rate and the method's schedule. Returns what to log. */
  step(batch: Batch, step: number, values: Record<string, number>): Promise<StepMetrics>;
}

/** Builds the networks, the optimizer and the compiled step of a self-supervised method. */
export function createPretrainer(parts: PretrainParts): Pretrainer {
  const { session, seed, backbone, view, crops, accumulate = 1 } = parts;
  checkMicroBatches(parts.batchSize, accumulate);
  const scope = (name: string, like = name) => createScope(session, `ssl/${name}`, `${seed}/${like}`);
  const method = parts.build({
    scope,
    backbone(name) {
      const own = scope(`${name}/backbone`, 'backbone');
      return { scope: own, ...withFrameCheck(backbone(own)) };
    },
  });
  const adversary = parts.adversary && createAdversary(scope('adversary'), method, crops, parts.adversary);
  // Of the network that is written first, and meant to be used.
  const averaged = () =>
    Object.values(method.networks)
      .slice(0, 1)
      .map((network) => network.scope);
  const { averageDecay } = parts;
  const average = averageDecay === undefined ? undefined : createMovingAverage(session, averaged(), averageDecay);
  const trained = [...method.trained, ...(adversary?.trained ?? [])];
  const batchSize = parts.batchSize / accumulate;
  const globalView = crops.clean ? cleanView(view) : view;
  const update = createTrainingStep({
    ...{ session, name: 'pretrain', trained, optimizer: parts.optimizer, accumulate },
    views: ({ global, local }): Views & { twins?: Tensor } => ({
      batch: batchSize,
      ...(adversary
        ? cropsWithTwins(global, batchSize, globalView, 'global')
        : { global: cropsToFeatures(global, globalView, 'global') }),
      local: local ? cropsToFeatures(local, view, 'local') : null,
    }),
    loss(views, inputs) {
      const own = method.loss(views, inputs);
      const { loss, metrics, embeddings } = adversary?.oppose(own, { ...views, twins: views.twins! }) ?? own;
      const directions = stopGradient(unit(embeddings, 1));
      const health = { embeddingStd: spread(directions), effectiveRank: effectiveRank(directions) };
      return { loss, aux: { ...metrics, ...health } };
    },
    learnsWhen: method.learnsWhen,
    afterStep(inputs) {
      method.afterStep?.(inputs);
      average?.update(inputs.step);
    },
  });
  const inputsOf = ({ global, local }: CropArrays): Inputs[] => {
    const globals = microBatches(global, crops.global, parts.batchSize, accumulate);
    const locals = local ? microBatches(local, crops.local, parts.batchSize, accumulate) : [];
    return globals.map((rows, i) => ({
      global: cropTensor(rows, crops.global * batchSize),
      ...(locals[i] ? { local: cropTensor(locals[i], crops.local * batchSize) } : {}),
    }));
  };

  return {
    ...{ method, average },
    functions: (batch, values) => update.functions(inputsOf(batch), values),
    async step(batch, step, values) {
      return meanMetrics(await update.run(inputsOf(batch), { rate: 0, ...values, step }));
    },
  };
}

const cropTensor = (samples: Int16Array, rows: number): HostTensor => ({
  dtype: 'int16',
  shape: [rows, samples.length / rows],
  data: samples,
});
