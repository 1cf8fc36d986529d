import { z } from 'zod';
import type { ShardLayout } from '../data/shards/reader.js';
import { stretchesOf } from '../data/utterance-batches.js';
import { createExtractor, extractAll } from '../embed/extract.js';
import type { ExtractionOptions, Extractor } from '../embed/extractor.js';
import type { Model } from '../embed/model-file.js';
import type { Session } from '../engine/session/session.js';
import { type Tensor, tf } from '../engine/tf.js';
import { UserError } from '../errors.js';
import { createScope } from '../nn/scope.js';
import { cepstralFrames, cepstraOptions, frameSize } from './cepstra.js';
import { baumWelch, type MixtureTensors } from './mixture/densities.js';
import { loadMixture, mixtureBuffers } from './mixture/mixture.js';
import type { FrontEnd } from './sample-frames.js';

const described = z.object({ gaussians: z.number(), relevance: z.number().optional(), ...cepstraOptions });

/** A model that holds a background model, opened. */
export interface MixtureModel extends FrontEnd {
  model: Model;
  gaussians: number;
  dimensions: number;
}

/** What a model of the stages ubm, ivector or jfa hears, and the size of its mixture. @throws UserError for another kind of model */
export function mixtureModel(name: string, model: Model): MixtureModel {
  const { backbone, features, hearing = 'levelled' } = model.info;
  if (backbone.name !== 'supervector' && backbone.name !== 'ivector')
    throw new UserError(
      `'${name}' is a network of kind '${backbone.name}', and a Gaussian mixture is needed here. Name a stage ubm.`,
    );
  const { gaussians, relevance: _, ...cepstra } = described.parse(backbone.options);
  return { model, gaussians, dimensions: frameSize(cepstra), features, hearing, cepstra };
}

/** Loads the mixture of a model into a session; it is read while tracing. */
export async function openMixture(
  session: Session,
  { model, gaussians, dimensions }: MixtureModel,
): Promise<() => MixtureTensors> {
  const scope = createScope(session, 'background', 0);
  const mixture = mixtureBuffers(scope, gaussians, dimensions);
  await loadMixture(session, scope, model.weights);
  return mixture;
}

/** Numbers of an utterance's statistics: a count for each Gaussian, then its sums. */
export const statisticsSize = ({ gaussians, dimensions }: Pick<MixtureModel, 'gaussians' | 'dimensions'>): number =>
  gaussians * (dimensions + 1);

/** Takes the Baum-Welch statistics of utterances: counts, then sums of each Gaussian. // [statisticsSize] */
export function statisticsExtractor(session: Session, opened: MixtureModel, mixture: () => MixtureTensors): Extractor {
  const { features, hearing, cepstra, gaussians, dimensions } = opened;
  const embed = (input: Tensor, pass: Parameters<typeof cepstralFrames>[1]) => {
    const { counts, sums } = baumWelch(cepstralFrames(input, pass, cepstra), mixture());
    return tf.concat([counts, tf.reshape(sums, [-1, gaussians * dimensions])], 1);
  };
  return createExtractor(session, features, statisticsSize(opened), embed, { hearing });
}

/** The statistics of utterances, in their order: those of a long one's stretches are added up. // [utterances, statisticsSize] */
export async function extractStatistics(
  shards: ShardLayout,
  extractor: Extractor,
  options?: ExtractionOptions,
): Promise<Float32Array> {
  const means = await extractAll(shards, extractor, options);
  const stretches = new Int32Array(shards.samples.length);
  for (const { utterance } of stretchesOf(shards.samples)) stretches[utterance]++;
  return means.map((mean, i) => mean * stretches[Math.floor(i / extractor.size)]);
}
