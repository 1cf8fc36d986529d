import { drawSpeeds } from '../audio/augment/speed.js';
import type { Batch } from '../data/crops/loader.js';
import { stopGradient } from '../engine/autodiff.js';
import type { Inputs } from '../engine/session/compile.js';
import { type Tensor, tf } from '../engine/tf.js';
import { wholeBatchRows } from '../engine/workers/collectives.js';
import { int32 } from '../host-tensor.js';
import { createScope } from '../nn/scope.js';
import { effectiveRank, spread, unit } from '../nn/statistics.js';
import type { Averaging } from './averaging/averaging.js';
import { type AdversaryOptions, createAdversary } from './step/adversary.js';
import { cleanView, cropsToFeatures, cropsWithTwins, playedAt } from './step/crop-features.js';
import { batchCut, checkMicroBatches, cutValues, microBatchTensors } from './step/micro-batches.js';
import type { SslContext, SslMethod, Views } from './step/ssl-method.js';
import { createUpdate, type TrainerParts, withFrameCheck } from './step/trainer.js';
import { type CompiledCall, meanMetrics, type StepMetrics, type StepValues } from './step/training-step.js';

/** The parts of a pretraining step; the average is that of the method's first network. */
export interface PretrainParts extends TrainerParts {
  /** Utterances in a batch. */
  batchSize: number;
  /** Crops of each utterance; `clean` global ones are not augmented. */
  crops: { global: number; local: number; clean?: boolean };
  build(context: Omit<SslContext<never>, 'options'>): SslMethod;
  /** Speeds at which utterances are played, all crops of one at the same; crops are longer then, see speedCropSamples. Default: as they are. */
  speeds?: readonly number[];
  /** Works against embeddings that tell augmentations apart. Default: no adversary. */
  adversary?: AdversaryOptions;
}

/** The crops of a batch. */
export type CropArrays = Pick<Batch, 'global' | 'local'>;

/** A method with its step compiled. */
export interface Pretrainer {
  method: SslMethod;
  average: Averaging;
  /** The compiled calls of one update, to predict its memory. */
  functions(batch: CropArrays, values: StepValues): CompiledCall[];
  /** One update; `values` are the learning rate and the method's schedule. Returns what to log. */
  step(batch: Batch, step: number, values: Record<string, number>): Promise<StepMetrics>;
}

/** Builds the networks, the optimizer and the compiled step of a self-supervised method. */
export function createPretrainer(parts: PretrainParts): Pretrainer {
  const { crops, accumulate = 1, speeds = [1] } = parts;
  const { workers } = parts.session;
  checkMicroBatches(parts.batchSize, accumulate, workers);
  const { method, adversary } = buildNetworks(parts);
  // The first network is written first, and meant to be used.
  const [network] = Object.values(method.networks);
  const { update, average } = createUpdate<ReturnType<typeof viewsOf>>(parts, {
    name: 'pretrain',
    trained: [...method.trained, ...(adversary?.trained ?? [])],
    averaged: network ? [network.scope] : [],
    views: (inputs) => viewsOf(parts, inputs),
    loss(views, inputs) {
      const plain = method.loss(views, inputs);
      const { loss, metrics, embeddings } = adversary?.oppose(plain, { ...views, twins: views.twins! }) ?? plain;
      const directions = wholeBatchRows(stopGradient(unit(embeddings, 1)));
      const health = { embeddingStd: spread(directions), effectiveRank: effectiveRank(directions) };
      return { loss, aux: { ...metrics, ...health } };
    },
    learnsWhen: method.learnsWhen,
    afterStep: (inputs) => method.afterStep?.(inputs),
  });
  const inputsOf = ({ global, local }: CropArrays, step: number): Inputs[] => {
    const speed = drawSpeeds(`${parts.seed}/speeds`, step, parts.batchSize, speeds.length);
    const cut = batchCut(accumulate, workers);
    const whole = { batchSize: parts.batchSize, cut, bins: parts.view.features.bins };
    const locals = local ? microBatchTensors(local, { ...whole, crops: crops.local }) : [];
    const speedsOf = cutValues(speed, cut);
    return microBatchTensors(global, { ...whole, crops: crops.global }).map((piece, i) => ({
      global: piece,
      ...(locals[i] && { local: locals[i] }),
      ...(speeds.length > 1 && { speed: int32(speedsOf[i]) }),
    }));
  };

  return {
    method,
    average,
    functions: (batch, values) => update.functions(inputsOf(batch, values.step), values),
    async step(batch, step, values) {
      return meanMetrics(await update.run(inputsOf(batch, step), { rate: 0, ...values, step }));
    },
  };
}

function buildNetworks({ session, seed, backbone, build, crops, adversary, view }: PretrainParts) {
  const scope = (name: string, like = name) => createScope(session, `ssl/${name}`, `${seed}/${like}`);
  const method = build({
    scope,
    bins: view.features.bins,
    backbone(name) {
      const backboneScope = scope(`${name}/backbone`, 'backbone');
      return { scope: backboneScope, ...withFrameCheck(backbone(backboneScope)) };
    },
  });
  return { method, adversary: adversary && createAdversary(scope('adversary'), method, crops, adversary) };
}

/** Features of a micro-batch's crops, with twins of the second crops where there is an adversary. */
function viewsOf(
  { session, batchSize, accumulate = 1, crops, view, adversary, speeds = [1] }: PretrainParts,
  inputs: Record<string, Tensor>,
): Views & { twins?: Tensor } {
  const batch = batchSize / batchCut(accumulate, session.workers).count;
  const speed = inputs.speed && tf.cast(inputs.speed, 'float32');
  const played = (wave: Tensor, count: number) => (speed ? playedAt(wave, tf.tile(speed, [count]), speeds) : wave);
  const global = played(inputs.global, crops.global);
  const local = inputs.local && played(inputs.local, crops.local);
  const globalView = crops.clean ? cleanView(view) : view;
  return {
    batch,
    ...(adversary
      ? cropsWithTwins(global, batch, globalView, 'global')
      : { global: cropsToFeatures(global, globalView, 'global') }),
    local: local ? cropsToFeatures(local, view, 'local') : null,
  };
}
