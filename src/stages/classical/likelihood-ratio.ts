import { z } from 'zod';
import { cepstralFrames } from '../../classical/cepstra.js';
import { likelihoodRatios } from '../../classical/likelihood-ratio.js';
import {
  extractStatistics,
  type MixtureModel,
  mixtureModel,
  openMixture,
  statisticsExtractor,
} from '../../classical/mixture-model.js';
import { pickUtterances } from '../../data/shards/shards.js';
import { createExtractor, extractAll } from '../../embed/extract.js';
import type { Extractor } from '../../embed/extractor.js';
import type { Session } from '../../engine/session/session.js';
import { checkLibrary, withSession } from '../../engine/session/with-session.js';
import { float32 } from '../../host-tensor.js';
import { defineStage } from '../../plugin/define.js';
import { artifact } from '../../plugin/options.js';
import { type TestList, trialListsToScore } from '../artifacts/corpus-data.js';
import { type EvaluationResult, evaluationResult } from '../artifacts/evaluation.js';
import { networkName, openModelArtifact } from '../artifacts/model-artifact.js';
import { figuresOf, keepScores } from '../evaluate/list-figures.js';
import { checkSameFeatures } from '../training/stored-features.js';
import { numbersOf } from './numbers-of.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  ubm: artifact('model').describe('the background model, of a stage ubm'),
  system: z.string().default('GMM-UBM').describe('name of the row in the results'),
  relevance: z.number().positive().default(16).describe('relevance factor of the adaptation of the means'),
});

/** Enrolments whose statistics are held at once. */
const ENROLMENTS = 64;

/**
 * Scores the trial lists as GMM-UBM systems do: the means of the background model are adapted to each enrolment, and a trial's score is the
 * mean log-likelihood ratio of the test's frames of speech. All Gaussians count, where published systems evaluate the few best ones.
 */
export default defineStage({
  name: 'likelihood-ratio',
  summary: 'Scores the trial lists by log-likelihood ratios of MAP-adapted mixtures (GMM-UBM).',
  options,
  result: evaluationResult,
  produces: 'evaluation',
  check: checkLibrary,
  async run(context, { corpus: name, ubm, system, relevance }) {
    const { dir, log, progress, signal } = context;
    const lists: EvaluationResult['lists'] = {};
    const found = trialListsToScore(context.artifact(name), log);
    const background = mixtureModel(ubm, openModelArtifact(context.artifact(ubm)));
    for (const { shards } of found) if (shards.features) checkSameFeatures(shards.features, background.features);
    await withSession({ ...context, name: 'likelihood-ratio' }, async (session) => {
      const scorer = await openScorer(session, background, relevance);
      for (const list of found) {
        const told = (step: number, total: number) => progress.update({ step, total, fields: { list: list.name } });
        const scores = await scoreList(scorer, list, told, signal);
        keepScores(dir, list, scores);
        lists[list.name] = figuresOf(list, scores);
      }
    });
    return { system, network: networkName(context.artifact(ubm)), origin: 'GMM-UBM', lists, nmi: null, purity: null };
  },
});

interface Scorer {
  /** Statistics of utterances. */
  statistics: Extractor;
  /** Ratios of utterances for the enrolment that was adapted to last. */
  ratios: Extractor;
  /** @param statistics the sum of those of the enrolment's utterances */
  adaptTo(statistics: Float32Array): Promise<void>;
}

async function openScorer(session: Session, background: MixtureModel, relevance: number): Promise<Scorer> {
  const { gaussians, dimensions, features, hearing, cepstra } = background;
  const mixture = await openMixture(session, background);
  const shift = session.variable('shift', [gaussians, dimensions], 0);
  return {
    statistics: statisticsExtractor(session, background, mixture),
    ratios: createExtractor(
      session,
      features,
      1,
      (input, pass) => likelihoodRatios(cepstralFrames(input, pass, cepstra), mixture(), shift.read()),
      { hearing },
    ),
    async adaptTo(statistics) {
      const moved = new Float32Array(gaussians * dimensions);
      for (let i = 0; i < moved.length; i++)
        moved[i] = statistics[gaussians + i] / (statistics[Math.floor(i / dimensions)] + relevance);
      await session.load({ [shift.name]: float32(moved, [gaussians, dimensions]) });
    },
  };
}

/** The scores of a list's trials, enrolment by enrolment. // [trials] */
async function scoreList(
  { statistics, ratios, adaptTo }: Scorer,
  { shards, trials, paths, models }: TestList,
  progress: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<Float32Array> {
  const scores = new Float32Array(trials.length);
  const place = new Map(shards.ids.map((_, i) => [paths[i], i]));
  const parts = new Map(models.map(({ name, utterances }) => [name, utterances]));
  const partsOf = (path: string) => parts.get(path) ?? [place.get(path)!];
  const byEnrolment = numbersOf(trials.map(({ enrolment }) => enrolment));
  const enrolments = [...byEnrolment.keys()];
  for (let from = 0; from < enrolments.length; from += ENROLMENTS) {
    const some = enrolments.slice(from, from + ENROLMENTS);
    const numbers = [...new Set(some.flatMap((path) => partsOf(path)))];
    const known = await extractStatistics(pickUtterances(shards, numbers), statistics, { signal });
    for (const [i, enrolment] of some.entries()) {
      const rows = partsOf(enrolment).map((number) => numbers.indexOf(number));
      await adaptTo(sumOfRows(known, rows, statistics.size));
      const own = byEnrolment.get(enrolment)!;
      const tests = pickUtterances(
        shards,
        own.map((trial) => place.get(trials[trial].test)!),
      );
      const found = await extractAll(tests, ratios, { signal });
      own.forEach((trial, row) => {
        scores[trial] = found[row];
      });
      progress(from + i + 1, enrolments.length);
    }
  }
  return scores;
}

function sumOfRows(matrix: Float32Array, rows: readonly number[], size: number): Float32Array {
  const sum = new Float32Array(size);
  for (const row of rows) for (let k = 0; k < size; k++) sum[k] += matrix[row * size + k];
  return sum;
}
