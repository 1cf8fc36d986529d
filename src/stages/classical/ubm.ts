import { z } from 'zod';
import { featureDefinition } from '../../audio/features/features.js';
import { cepstraOptions, frameSize } from '../../classical/cepstra.js';
import { fitMixture } from '../../classical/mixture/fit-mixture.js';
import { mixtureWeights } from '../../classical/mixture/mixture.js';
import { sampleFrames } from '../../classical/sample-frames.js';
import { writeModel } from '../../embed/model-file.js';
import { checkLibrary, withSession } from '../../engine/session/with-session.js';
import { UserError } from '../../errors.js';
import { defineStage } from '../../plugin/define.js';
import { artifact } from '../../plugin/options.js';
import { openTraining } from '../artifacts/corpus-data.js';
import { modelResult, networkDir } from '../artifacts/model-artifact.js';
import { checkSameFeatures } from '../training/stored-features.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  features: featureDefinition
    .prefault({})
    .describe('mel energies that the cepstra are made of; no mean is subtracted from them, whatever cmn says'),
  gaussians: z.number().int().positive().default(512).describe('Gaussians, with diagonal covariances'),
  relevance: z
    .number()
    .positive()
    .default(16)
    .describe('relevance factor of MAP adaptation: frames of a Gaussian that weigh as much as its own mean'),
  frames: z
    .number()
    .int()
    .positive()
    .default(200_000)
    .describe(
      'frames of speech to learn from, drawn from all utterances; they are held in memory, some 240 bytes each',
    ),
  iterations: z.number().int().positive().default(10).describe('rounds of expectation maximisation with all Gaussians'),
  splitIterations: z.number().int().positive().default(3).describe('rounds between two doublings of the Gaussians'),
  varianceFloor: z
    .number()
    .positive()
    .max(1)
    .default(0.01)
    .describe('variances are at least this share of those of all frames'),
  ...cepstraOptions,
});

/**
 * A universal background model: a mixture of Gaussians over cepstra of all speakers, learned without a label. As a model its embeddings
 * are supervectors of MAP-adapted means.
 */
export default defineStage({
  name: 'ubm',
  summary: 'Learns a Gaussian mixture (universal background model); its embeddings are supervectors.',
  options,
  result: modelResult.extend({
    frames: z.number(),
    dimensions: z.number(),
    /** Of a frame in nats, before each of the last rounds and after them. */
    logLikelihoods: z.array(z.number()),
  }),
  produces: 'model',
  check: (context, { cepstra, features }) => [
    ...checkLibrary(context),
    ...(cepstra > features.bins
      ? [`cepstra: ${cepstra} coefficients out of ${features.bins} mel bins; give no more than there are bins.`]
      : []),
    ...(features.frontEnd ? [`features.frontEnd: cepstra are made of Kaldi's log energies; leave it out.`] : []),
  ],
  async run({ dir, seed, log, progress, signal, ...context }, chosen) {
    const { corpus: name, features: wanted, gaussians, relevance, frames, ...rest } = chosen;
    const { iterations, splitIterations, varianceFloor, ...cepstra } = rest;
    const { train } = openTraining(context.artifact(name));
    if (train.ids.length === 0)
      throw new UserError(`The corpus '${name}' has no training utterances, and a mixture is learned from them.`);
    const features = { ...wanted, cmn: false };
    if (train.features) checkSameFeatures(train.features, features);
    const hearing = train.features ? ('unchanged' as const) : ('levelled' as const);
    return withSession({ ...context, seed, name: 'ubm' }, async (session) => {
      // The frames are the first third of the bar.
      const told = (part: string, first: number, width: number) => (done: number, of: number) =>
        progress.update({ step: first + Math.round((width * done) / of), total: 300, fields: { part } });
      const sample = await sampleFrames(
        session,
        train,
        { features, hearing, cepstra },
        { wanted: frames, seed: `${seed}/frames`, progress: told('frames', 0, 100), signal },
      );
      const dimensions = frameSize(cepstra);
      const rows = sample.length / dimensions;
      const { mixture, logLikelihoods } = await fitMixture(session, sample, dimensions, {
        gaussians,
        iterations,
        splitIterations,
        varianceFloor,
        seed: `${seed}/splits`,
        progress: told('mixture', 100, 200),
        signal,
      });
      log(`${gaussians} Gaussians from ${rows} frames: ${logLikelihoods.at(-1)!.toFixed(3)} nats a frame`);
      const backbone = { name: 'supervector', options: { gaussians, relevance, ...cepstra } };
      const embeddingSize = gaussians * dimensions;
      const info = { origin: 'GMM-UBM', backbone, features, embeddingSize, ...(train.features && { hearing }) };
      writeModel(networkDir({ dir }, 'network'), info, mixtureWeights(mixture));
      return { networks: ['network'], frames: rows, dimensions, logLikelihoods };
    });
  },
});
