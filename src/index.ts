// The public surface. Built-in plugins import from here, exactly as a user's plugin does. Headings group the API documentation.

// Defining plugins

export { z } from 'zod';
export { UserError } from './errors.js';
export { type IdleOption, refuseIdle } from './idle-options.js';
export { backboneOptions } from './plugin/backbone-options.js';
export {
  defineAugmentation,
  defineBackbone,
  defineClustering,
  defineDistillation,
  defineGate,
  defineLoss,
  defineObjective,
  definePooling,
  defineSsl,
  defineStage,
} from './plugin/define.js';
export type { Json } from './plugin/json.js';
export type { AugmentationContext } from './plugin/kinds.js';
export { objectiveOptions } from './plugin/objective-options.js';
export { artifact, type PluginChoice, type PluginChoiceInput, pluginChoice } from './plugin/options.js';
export type { AnyPlugin, Kind, Registry } from './plugin/plugin.js';
export { readResult } from './plugin/read-result.js';
export type { Artifact, CheckContext, Progress, StageContext, StageDefinition } from './plugin/stage.js';

// Methods: networks, views and losses

export type { Backbone, TappedLayer } from './nn/backbone.js';
export type { ClassificationLoss, LossSchedule } from './train/classifier/classification-loss.js';
export type { Compared, DistillationLoss } from './train/distill/distillation-loss.js';
export type { Objective, ObjectiveNeeds, Seen } from './train/objectives/objective.js';
export type { Network, RunPosition, SslContext, SslLoss, SslMethod, Views } from './train/step/ssl-method.js';
export { leastBatch } from './train/step/ssl-method.js';

// Tensors and gradients

export { stopGradient, withoutGradient } from './engine/autodiff.js';
export { segmentSums } from './engine/gather.js';
export { gelu, relu } from './engine/ops/activations.js';
export { conv2d } from './engine/ops/conv2d.js';
export { softmaxCrossEntropy, sparseSoftmaxCrossEntropy } from './engine/ops/cross-entropy.js';
export { hits } from './engine/ops/hits.js';
export { convolveRows, fastFftLength, irfft, rfft } from './engine/ops/spectral.js';
export { random } from './engine/random.js';
export { type Exchange, withExchange } from './engine/session/exchange.js';
export { openSession, type Session } from './engine/session/session.js';
export { type Tensor, tf } from './engine/tf.js';
export { anyLength, workerCount } from './engine/trace.js';
export type { Variable } from './engine/variable.js';
export { withWholeBatch } from './engine/whole-batch.js';
export { meanOfCounted, ownRows, wholeBatchRows, wholeBatchSum } from './engine/workers/collectives.js';
export { float32, type HostTensor, int32 } from './host-tensor.js';

// Random numbers

export { createRng, type Rng } from './random.js';

// Layers

export { type BatchNorm, batchNormLayer } from './nn/batch-norm.js';
export { gated } from './nn/channel-scale.js';
export { type AttentionFusionOptions, attentionFusion, type Fused } from './nn/conditioning/attention-fusion.js';
export { concatenateCondition } from './nn/conditioning/concatenation.js';
export {
  type ConditionedLayer,
  type Conditioning,
  conditioningLayer,
  conditionings,
} from './nn/conditioning/conditioning.js';
export { type CrossAttentionOptions, crossAttention } from './nn/conditioning/cross-attention.js';
export { type ConditionSizes, filmLayer } from './nn/conditioning/film.js';
export {
  type ConvLayer,
  convLayer,
  type DepthwiseTimeConvOptions,
  depthwiseConvLayer,
  depthwiseTimeConvLayer,
  type TimeConvOptions,
  timeConvLayer,
} from './nn/conv.js';
export { denseLayer, matMul } from './nn/dense.js';
export { withAdapters } from './nn/domains/adapters.js';
export { gradientReversal } from './nn/domains/gradient-reversal.js';
export { frameDense } from './nn/encoder/frame-dense.js';
export { layerNormLayer } from './nn/encoder/layer-norm.js';
export { type EncoderShape, type SpeechEncoder, speechEncoder } from './nn/encoder/speech-encoder.js';
export { WAVE_FRAME } from './nn/encoder/wave-of-frames.js';
export { glorotUniform, heNormal, truncatedNormal, unitRows } from './nn/initializers.js';
export type { Layer } from './nn/layer.js';
export { learnedScale } from './nn/learned-scale.js';
export { lstmLayer } from './nn/lstm.js';
export { mirroredTime } from './nn/mirrored-time.js';
export { embedWithMoments, momentCount } from './nn/moments/layer-moments.js';
export { normalisedConv } from './nn/normalised-conv.js';
export { partScopes } from './nn/part-scopes.js';
export { frameMask, maskTime, type Pass, shortenedPass, stridedPass } from './nn/pass.js';
export {
  bothMoments,
  type Moments,
  type PoolingLayer,
  plainMoments,
  segmentMeans,
  softmaxOverTime,
  timeMean,
  timeMoments,
  weightedMoments,
} from './nn/pooling.js';
export { type ProjectionOptions, projectionHead } from './nn/projection-head.js';
export type { Initializer, Scope } from './nn/scope.js';

// Reversible and checkpointed networks

export { checkpointed } from './nn/recompute/checkpointed.js';
export { checkpointedSum } from './nn/recompute/checkpointed-sum.js';
export {
  type Rearrangement,
  type ResidualPair,
  type ReversibleStep,
  reversible,
  type Streams,
} from './nn/recompute/reversible.js';
export { splitStreams, squeeze } from './nn/squeeze.js';

// Parts of losses

export { type Margin, marginOptions, withMargin } from './nn/angular-margin.js';
export { type Contrast, contrast } from './nn/contrastive.js';
export { covariancePenalty, crossCorrelation, offDiagonal, spreadShortfall } from './nn/decorrelation.js';
export { createQueue, type Queue } from './nn/queue.js';
export { sinkhorn } from './nn/sinkhorn.js';
export { meanEntropy, spread, squaredDistances, unit } from './nn/statistics.js';

// Schedules and moving averages

export { updateEma } from './optim/ema.js';
export { cosineRamp, learningRate, linearRamp } from './optim/schedule.js';

// Classical systems: mixtures and factors

export {
  type CepstralFrames,
  type CepstraOptions,
  cepstralFrames,
  cepstraOptions,
  frameSize,
} from './classical/cepstra.js';
export { type FactorTensors, factorPosterior } from './classical/factors/posterior.js';
export { baumWelch, type MixtureTensors, type Statistics } from './classical/mixture/densities.js';
export { mixtureBuffers } from './classical/mixture/mixture.js';
export { refuseTraced, supervectorOf } from './classical/supervector.js';

// Audio and augmentations

export { drawExcerpts, drawRooms, type NoiseBank, type NoiseKind, noiseKinds } from './audio/augment/bank.js';
export { type Branch, forSome, oneOf, type RowChange } from './audio/augment/choice.js';
export { probability, type RowDraw, rangeOf, rowDraw } from './audio/augment/draw.js';
export { type RowSpectra, rowSpectra, type Spectra } from './audio/augment/spectra.js';
export { SAMPLE_RATE_HZ } from './sample-rate.js';

// Clustering and gates

export { type Cut as MergeCut, cutOf, cutTree, type Linkage, type Merge } from './cluster/agglomerative/dendrogram.js';
export { differentRows } from './cluster/agglomerative/different-rows.js';
export { mergesOf, partition } from './cluster/agglomerative/merges.js';
export type { Clustering } from './cluster/clustering.js';
export { clusteringOfLabels } from './cluster/clustering-of-labels.js';
export { type CommunityMethod, communityMethods, findCommunities } from './cluster/communities/communities.js';
export { createSets, type Sets } from './cluster/disjoint-sets.js';
export { crossingOf, fitTwoGaussians, type Gaussian, momentsOf } from './cluster/gaussian-pair.js';
export { sumClusters } from './cluster/kmeans/cluster-sums.js';
export { checkClusters, type KMeansOptions, kmeans } from './cluster/kmeans/kmeans.js';
export { createMiniBatch, type MiniBatch } from './cluster/kmeans/mini-batch.js';
export { neighbourGraph, neighbourThreshold } from './cluster/neighbours/graph.js';
export { type Neighbours, neighbours, type Search, searches } from './cluster/neighbours/neighbours.js';
export { joinWithin } from './cluster/neighbours/within.js';
export { type Metric, type Points, preparePoints, vectorsOf } from './cluster/points.js';
export { type NoiseRule, rejectNoise } from './cluster/reject-noise.js';
export { adjustedRand } from './eval/clustering-metrics.js';
export { indicesUpTo, squaredDistance, squaredRowDistance, takeRows } from './rows.js';
