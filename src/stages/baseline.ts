import { z } from 'zod';
import { featureDefinition } from '../audio/features/features.js';
import { createExtractor, extractAll } from '../embed/extract.js';
import { checkLibrary, withSession } from '../engine/session/with-session.js';
import type { Tensor } from '../engine/tf.js';
import { scoreTrials } from '../eval/cosine-scoring.js';
import { fitWhitening, whiten } from '../eval/whitening.js';
import type { Pass } from '../nn/pass.js';
import { timeMoments } from '../nn/pooling.js';
import { defineStage } from '../plugin/define.js';
import { artifact } from '../plugin/options.js';
import { rowsOf } from '../rows.js';
import { openTraining, trialListsToScore } from './artifacts/corpus-data.js';
import { type EvaluationResult, evaluationResult } from './artifacts/evaluation.js';
import { openListEmbedder } from './evaluate/list-embeddings.js';
import { figuresOf, keepScores } from './evaluate/list-figures.js';
import { checkSameFeatures } from './training/stored-features.js';

const options = z.strictObject({ corpus: artifact('corpus'), features: featureDefinition.prefault({}) });

/**
 * The baseline without learning: the standard deviation of each bin of mean-normalised filterbanks, PCA-whitened on the
 * training utterances (eigenvalues floored at 1e-3 of their mean), scored by cosine.
 */
export default defineStage({
  name: 'baseline',
  summary: 'Scores a non-learned system: whitened standard deviations of filterbank bins.',
  options,
  result: evaluationResult,
  produces: 'evaluation',
  check: checkLibrary,
  async run(context, { corpus: name, features }) {
    const corpus = openTraining(context.artifact(name));
    const trialLists = trialListsToScore(context.artifact(name), context.log, corpus.manifest);
    if (trialLists.length === 0) return rowOf({});
    const { bins } = features;
    return withSession({ ...context, name: 'baseline' }, async (session) => {
      const definition = { ...features, cmn: true };
      const { features: stored } = corpus.train;
      if (stored) checkSameFeatures(stored, definition);
      const deviation = (x: Tensor, pass: Pass) => timeMoments(x, pass).deviation;
      const extractor = createExtractor(session, definition, bins, deviation, {
        hearing: stored ? 'unchanged' : 'levelled',
      });
      const train = await extractAll(corpus.train, extractor, { signal: context.signal });
      const whitening = fitWhitening(train, corpus.train.ids.length, bins);
      const lists: Record<string, ReturnType<typeof figuresOf>> = {};
      const embedList = openListEmbedder(async (shards) => {
        return Float32Array.from(whiten(whitening, await extractAll(shards, extractor, { signal: context.signal })));
      }, bins);
      for (const list of trialLists) {
        const byPath = new Map([...rowsOf(await embedList(list), bins)].map((row, i) => [list.paths[i], row]));
        const scores = scoreTrials(byPath, list.trials);
        keepScores(context.dir, list, scores);
        lists[list.name] = figuresOf(list, scores);
      }
      return rowOf(lists);
    });
  },
});

const rowOf = (lists: EvaluationResult['lists']): EvaluationResult => ({
  system: 'baseline (whitened fbank deviations)',
  network: null,
  origin: 'baseline',
  lists,
  nmi: null,
  purity: null,
});
