// The public surface. Built-in plugins import from here, exactly as a user's plugin does.
export { z } from 'zod';
export { type NoiseBank, type NoiseKind, noiseKinds } from './audio/augment/bank.js';
export { type Branch, forSome, oneOf, type RowChange } from './audio/augment/choice.js';
export { codecOptions, overTelephone, telephoneOptions, throughCodec } from './audio/augment/codec.js';
export { randomFilter, randomFilterOptions } from './audio/augment/filters.js';
export {
  changeGain,
  clip,
  clippingOptions,
  dropChunkOptions,
  dropChunks,
  gainOptions,
  normalisePeaks,
} from './audio/augment/level.js';
export { type SpecAugmentOptions, specAugment, specAugmentOptions } from './audio/augment/mask.js';
export { addNoise, babble, type NoiseOptions, noiseOptions } from './audio/augment/noise.js';
export { type AugmentOptions, augment, augmentOptions } from './audio/augment/random-channel.js';
export { mixNoiseAndRooms, type RecipeOptions, recipeOptions } from './audio/augment/recipes.js';
export { type ReverbOptions, reverberate, reverbOptions } from './audio/augment/rooms.js';
export { type AgglomerateOptions, agglomerate } from './cluster/agglomerative/agglomerate.js';
export { type KMeansMergeOptions, kmeansMerge } from './cluster/agglomerative/kmeans-merge.js';
export { type Clusterer, type ClusterRange, chooseClusters } from './cluster/choose-k.js';
export { clusterRange } from './cluster/cluster-range.js';
export type { Clustering } from './cluster/clustering.js';
export { type GraphClustersOptions, graphClusters } from './cluster/communities/clusters.js';
export { type CommunityMethod, communityMethods, findCommunities } from './cluster/communities/communities.js';
export { type DbscanOptions, dbscan } from './cluster/density/dbscan.js';
export { clusteringOfLabels } from './cluster/density/labels.js';
export { type NoiseRule, rejectNoise } from './cluster/density/reject.js';
export { crossingOf, fitTwoGaussians, type Gaussian, momentsOf } from './cluster/gaussian-pair.js';
export { checkClusters, type KMeansOptions, kmeans } from './cluster/kmeans/kmeans.js';
export { createMiniBatch, type MiniBatch } from './cluster/kmeans/mini-batch.js';
export { type Neighbours, neighbours, type Search, searches } from './cluster/neighbours/neighbours.js';
export { preparePoints } from './cluster/points.js';
export { stopGradient, withoutGradient } from './engine/autodiff.js';
export { gelu, relu } from './engine/ops/activations.js';
export { conv2d } from './engine/ops/conv2d.js';
export { softmaxCrossEntropy, sparseSoftmaxCrossEntropy } from './engine/ops/cross-entropy.js';
export { random } from './engine/random.js';
export { openSession, type Session } from './engine/session/session.js';
export { type Tensor, tf } from './engine/tf.js';
export type { Variable } from './engine/variable.js';
export { UserError } from './errors.js';
export { float32, type HostTensor, int32 } from './host-tensor.js';
export { type Margin, marginOptions, withMargin } from './nn/angular-margin.js';
export type { Backbone } from './nn/backbone.js';
export { type BatchNorm, batchNormLayer } from './nn/batch-norm.js';
export { checkpointed } from './nn/checkpointed.js';
export { checkpointedSum } from './nn/checkpointed-sum.js';
export { type Contrast, contrast } from './nn/contrastive.js';
export { type ConvLayer, convLayer, depthwiseConvLayer, timeConvLayer } from './nn/conv.js';
export { covariancePenalty, crossCorrelation, offDiagonal, spreadShortfall } from './nn/decorrelation.js';
export { denseLayer, matMul } from './nn/dense.js';
export { meanEntropy } from './nn/entropy.js';
export { gated } from './nn/gate.js';
export { glorotUniform, heNormal, truncatedNormal, unitRows } from './nn/initializers.js';
export type { Layer } from './nn/layer.js';
export { learnedScale } from './nn/learned-scale.js';
export { normalisedConv } from './nn/normalised-conv.js';
export { partScopes } from './nn/part-scopes.js';
export { frameMask, maskTime, type Pass, stridedPass } from './nn/pass.js';
export {
  bothMoments,
  type Moments,
  type PoolingLayer,
  segmentMeans,
  softmaxOverTime,
  timeMean,
  timeMoments,
  weightedMoments,
} from './nn/pooling.js';
export { type ProjectionOptions, projectionHead } from './nn/projection-head.js';
export { createQueue, type Queue } from './nn/queue.js';
export {
  type Rearrangement,
  type ResidualPair,
  type ReversibleStep,
  reversible,
  type Streams,
} from './nn/reversible.js';
export type { Initializer, Scope } from './nn/scope.js';
export { sinkhorn } from './nn/sinkhorn.js';
export { squaredDistances } from './nn/squared-distances.js';
export { splitStreams, squeeze } from './nn/squeeze.js';
export { spread, unit } from './nn/unit.js';
export { updateEma } from './optim/ema.js';
export { cosineRamp, learningRate, linearRamp } from './optim/schedule.js';
export { backboneOptions } from './plugin/backbone-options.js';
export {
  defineAugmentation,
  defineBackbone,
  defineClustering,
  defineGate,
  defineLoss,
  definePooling,
  defineSsl,
  defineStage,
} from './plugin/define.js';
export type { Json } from './plugin/json.js';
export type { AugmentationContext } from './plugin/kinds.js';
export { artifact, type PluginChoice, type PluginChoiceInput, pluginChoice } from './plugin/options.js';
export type { AnyPlugin, Kind, Registry } from './plugin/plugin.js';
export type { Artifact, CheckContext, Progress, StageContext, StageDefinition } from './plugin/stage.js';
export { createRng, type Rng } from './random.js';
export type { ClassificationLoss, LossSchedule } from './train/classifier/classification-loss.js';
export type { Network, RunPosition, SslContext, SslLoss, SslMethod, Views } from './train/step/ssl-method.js';
export { leastBatch } from './train/step/ssl-method.js';
