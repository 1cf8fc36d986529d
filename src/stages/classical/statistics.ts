import { z } from 'zod';
import { extractStatistics, mixtureModel, openMixture, statisticsExtractor } from '../../classical/mixture-model.js';
import { pickUtterances } from '../../data/shards/shards.js';
import { shardsToWrite, writeShard } from '../../data/stored-rows.js';
import { writeModel } from '../../embed/model-file.js';
import { weightsIdentity } from '../../embed/weights-identity.js';
import { checkLibrary, withSession } from '../../engine/session/with-session.js';
import { defineStage } from '../../plugin/define.js';
import { artifact } from '../../plugin/options.js';
import { indicesUpTo } from '../../rows.js';
import { openTraining } from '../artifacts/corpus-data.js';
import { networkDir, openModelArtifact } from '../artifacts/model-artifact.js';
import { digestOfUtterances } from '../teacher-outputs/outputs-result.js';
import { checkSameFeatures } from '../training/stored-features.js';
import { BACKGROUND, statisticsResult, statisticsRows } from './statistics-artifact.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  ubm: artifact('model').describe('the background model, of a stage ubm'),
});

/**
 * Takes the Baum-Welch statistics of every training utterance once, for the stages ivector and jfa: float16, in files of some 34 MB. What a
 * kill leaves is gone on with, to the same bytes.
 */
export default defineStage({
  name: 'statistics',
  summary: 'Stores the Baum-Welch statistics of training utterances under a background model, for ivector and jfa.',
  options,
  result: statisticsResult,
  check: checkLibrary,
  async run(context, { corpus: name, ubm }) {
    const { dir, resume, progress, signal } = context;
    const { train } = openTraining(context.artifact(name));
    const background = mixtureModel(ubm, openModelArtifact(context.artifact(ubm)));
    const { model, gaussians, dimensions } = background;
    if (train.features) checkSameFeatures(train.features, model.info.features);
    const rows = statisticsRows({ dir }, background, train.ids.length);
    await withSession({ ...context, name: 'statistics' }, async (session) => {
      const extractor = statisticsExtractor(session, background, await openMixture(session, background));
      for (const { shard, from, count } of shardsToWrite(rows, resume)) {
        const part = pickUtterances(
          train,
          indicesUpTo(count).map((i) => from + i),
        );
        // Told in stretches, of which a long recording has several.
        const update = (done: number, of: number) =>
          progress.update({ step: from + Math.floor((count * done) / of), total: rows.rows });
        const statistics = await extractStatistics(part, extractor, { progress: update, signal });
        writeShard(rows, shard, statistics, 'Cut the recording into shorter ones.');
      }
    });
    const { format: _, ...info } = model.info;
    writeModel(networkDir({ dir }, BACKGROUND), info, model.weights);
    return {
      utterances: train.ids.length,
      corpus: digestOfUtterances(train),
      gaussians,
      dimensions,
      background: weightsIdentity(model),
    };
  },
});
