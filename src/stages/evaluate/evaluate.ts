import { z } from 'zod';
import { readManifest } from '../../data/manifest.js';
import { UserError } from '../../errors.js';
import { readBackend } from '../../eval/backend/backend-file.js';
import {
  CALIBRATED,
  checkBackendModel,
  cohortFault,
  cohortUses,
  scoresByPart,
  scoreWithBackend,
} from '../../eval/backend/scoring-backend.js';
import type { SideInput } from '../../eval/backend/trial-sides.js';
import { meanEmbedding, scoreTrials } from '../../eval/cosine-scoring.js';
import type { GroupFigures } from '../../eval/detection/figures.js';
import { defineStage } from '../../plugin/define.js';
import { artifact } from '../../plugin/options.js';
import { readResult } from '../../plugin/read-result.js';
import { rowsOf } from '../../rows.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { corpusDir, type TestList, trialListsToScore } from '../artifacts/corpus-data.js';
import { type Embeddings, embeddingsResult, readEmbeddings } from '../artifacts/embeddings-data.js';
import { evaluationResult } from '../artifacts/evaluation.js';
import { clustersResult } from '../artifacts/pseudo-labels.js';
import { embeddingsByPath, openEnrolling } from './enrolling.js';
import { figuresOf, keepScores } from './list-figures.js';
import { figuresByGroup } from './list-groups.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  embeddings: artifact('embeddings'),
  enrolment: artifact('embeddings')
    .optional()
    .describe(
      'embeddings of the enrolments by another network in one space with `embeddings`, such as the teacher that theirs learned from; ' +
        'each side has its own mean',
    ),
  system: z.string().describe('name of the row in the results'),
  clusters: artifact('clusters')
    .optional()
    .describe("pseudo-labels whose agreement with the speakers is shown in this system's row"),
  rule: z
    .enum(['raw', 'mean-subtracted'])
    .default('mean-subtracted')
    .describe('headline scoring rule without a back-end; the other rule is shown beside it'),
  backend: artifact('backend')
    .optional()
    .describe(
      'score by this chain (PLDA, score normalisation, calibration) as the headline; each part is shown beside it',
    ),
  cohort: z
    .enum(['allow', 'forbid'])
    .default('allow')
    .describe('forbid: refuse a back-end that uses speakers other than the two of a trial'),
});

const ONE_MODEL = 'enrolment: a back-end learned from the embeddings of one network. Leave one of both out.';

const RULES = ['raw', 'mean-subtracted'] as const;

type Figures = ReturnType<typeof figuresOf>;
/** The figures of a list: those of the headline rule, its EER by group, and those of every rule. */
type ListResult = Figures & {
  rule: string;
  groups: Record<string, Record<string, GroupFigures>>;
  byRule: Record<string, Figures>;
};

/**
 * Scores the trial lists by cosine, raw and with the training mean subtracted, and by a back-end where one is given; the headline rule
 * is fixed beforehand. Its EER is also given by gender, language and duration, where the manifest knows them; costs and Cllr of scores
 * as they are (actDCF, Cllr) belong to a calibration's scores only.
 */
export default defineStage({
  name: 'evaluate',
  summary: 'Scores the trial lists, by cosine or a back-end, and computes EER, minDCF, Cllr and intervals.',
  options,
  result: evaluationResult,
  produces: 'evaluation',
  check: (_, chosen) => (chosen.enrolment && chosen.backend ? [ONE_MODEL] : []),
  async run(context, { system, corpus: corpusName, ...chosen }) {
    const corpus = context.artifact(corpusName);
    const manifest = readManifest(corpusDir(corpus));
    const embeddings = context.artifact(chosen.embeddings);
    const trialLists = trialListsToScore(corpus, context.log, manifest);
    const isScored = chosen.backend !== undefined && trialLists.length > 0;
    const backend = isScored ? readBackend(context.artifact(chosen.backend!).dir) : null;
    const fault = backend && chosen.cohort === 'forbid' && cohortFault(cohortUses(backend));
    if (fault) throw new UserError(fault);
    const { network, origin, model } = readResult(embeddings, embeddingsResult);
    if (backend) checkBackendModel(`The back-end '${chosen.backend}'`, backend, model);
    const train = readEmbeddings(embeddings, 'train');
    const mean = meanEmbedding(rowsOf(train.vectors, train.size));
    const enrolling = chosen.enrolment === undefined ? undefined : openEnrolling(context, chosen.enrolment, embeddings);
    const lists: Record<string, ListResult> = {};
    for (const list of trialLists) {
      const input = listInput(list, readEmbeddings(embeddings, list.name));
      const cosines = (rule: (typeof RULES)[number]) =>
        scoreTrials(input.embeddings, list.trials, {
          enrolments: input.enrolments,
          mean: rule === 'raw' ? undefined : mean,
          enrolled: enrolling?.(list, rule),
        });
      const byCosine = RULES.map((rule) => [rule, cosines(rule)] as const);
      const byBackend = backend ? scoresByPart(backend, scoreWithBackend(backend, input)) : [];
      const rule = byBackend.at(-1)?.[0] ?? chosen.rule;
      const scored = new Map([...byCosine, ...byBackend]);
      keepScores(context.dir, list, scored.get(rule)!);
      const byRule = Object.fromEntries(
        [...scored].map(([name, scores]) => [name, figuresOf(list, scores, name === CALIBRATED)]),
      );
      const groups = figuresByGroup(manifest, list, scored.get(rule)!);
      lists[list.name] = { ...byRule[rule], rule, groups, byRule };
    }
    const { nmi, purity } = chosen.clusters
      ? readResult(context.artifact(chosen.clusters), clustersResult.pick({ nmi: true, purity: true }))
      : { nmi: null, purity: null };
    return { system, network, origin, lists, nmi, purity };
  },
});

/** The embeddings and durations that a list's trials are scored from; a model of several utterances is scored from all of them. */
function listInput(list: TestList, { vectors, size }: Embeddings): SideInput {
  const durations = Array.from(list.shards.samples, (samples) => samples / SAMPLE_RATE_HZ);
  return {
    trials: list.trials,
    embeddings: embeddingsByPath(list, { vectors, size }),
    seconds: new Map(durations.map((seconds, i) => [list.paths[i], seconds])),
    enrolments: new Map(list.models.map(({ name, utterances }) => [name, utterances.map((i) => list.paths[i])])),
  };
}
