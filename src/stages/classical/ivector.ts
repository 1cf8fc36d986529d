import { z } from 'zod';
import { fitFactors } from '../../classical/factors/fit-factors.js';
import { checkLibrary, withSession } from '../../engine/session/with-session.js';
import { defineStage } from '../../plugin/define.js';
import { artifact } from '../../plugin/options.js';
import { indicesUpTo } from '../../rows.js';
import { modelResult } from '../artifacts/model-artifact.js';
import { checkRank, factorOptions, openCheckpoint, writeExtractor } from './factor-stage.js';
import { openStatistics } from './statistics-artifact.js';

const options = z.strictObject({
  statistics: artifact('statistics'),
  rank: z.number().int().positive().default(200).describe('size of an i-vector'),
  ...factorOptions,
});

/**
 * Learns the total variability matrix of i-vectors by expectation maximisation, without a label. The model that comes of it is used as
 * any network: embed, cluster, backend and evaluate work with it, and voxloop score, enroll and the like hear other files with it.
 */
export default defineStage({
  name: 'ivector',
  summary: 'Learns an i-vector extractor (total variability) from Baum-Welch statistics.',
  options,
  result: modelResult.extend({
    /** Of an utterance in nats, before each round and after the last, up to what does not depend on the matrix. */
    logLikelihoods: z.array(z.number()),
  }),
  produces: 'model',
  check: checkLibrary,
  async run(context, { statistics: name, rank, iterations, minimumDivergence }) {
    const { dir, seed, log, progress, signal } = context;
    const { background, utterances, read } = openStatistics(name, context.artifact(name));
    const { gaussians, dimensions } = background;
    checkRank('rank', rank, background, { rows: utterances, of: 'utterances', log });
    const checkpoint = openCheckpoint(context, 'factors', rank);
    const { factors, offset, logLikelihoods } = await withSession({ ...context, name: 'ivector' }, (session) =>
      fitFactors(
        session,
        {
          rows: utterances,
          gaussians,
          dimensions,
          read: (from, count) => read(indicesUpTo(count).map((i) => from + i)),
        },
        {
          name: 'ivector',
          rank,
          iterations,
          minimumDivergence,
          seed: `${seed}/factors`,
          from: checkpoint.from(),
          keep: checkpoint.keep,
          progress: (step, total) => progress.update({ step, total }),
          signal,
        },
      ),
    );
    writeExtractor(dir, 'i-vector', background, { factors, offset, rank });
    checkpoint.remove();
    return { networks: ['network'], logLikelihoods: logLikelihoods.map((value) => value / utterances) };
  },
});
