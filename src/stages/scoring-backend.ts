import { z } from 'zod';
import { UserError } from '../errors.js';
import { writeBackend } from '../eval/backend/backend-file.js';
import { fitBackend } from '../eval/backend/fit-backend.js';
import { qualityMeasures } from '../eval/backend/quality-measures.js';
import { cohortFault, cohortUses, DEFAULT_TOP } from '../eval/backend/scoring-backend.js';
import { checkSameModel, type ModelIdentity } from '../eval/model-identity.js';
import { refuseIdle } from '../idle-options.js';
import { defineStage } from '../plugin/define.js';
import { artifact } from '../plugin/options.js';
import type { Artifact } from '../plugin/stage.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { openTraining, speakersKnown, type TrainingData, trialListNames } from './artifacts/corpus-data.js';
import { modelOfEmbeddings, readEmbeddings, readTrainingEmbeddings } from './artifacts/embeddings-data.js';
import { readLabels } from './artifacts/pseudo-labels.js';

const share = z.number().min(0).max(1).default(0.5).describe('plda: part of the excess that is added to it');

const options = z.strictObject({
  corpus: artifact('corpus'),
  embeddings: artifact('embeddings'),
  clusters: artifact('clusters')
    .optional()
    .describe('pseudo-labels to learn from, where the speakers are unknown or must not be used; default: the speakers'),
  copies: z
    .boolean()
    .default(true)
    .describe(
      'also learn from augmented copies of the utterances, where the embeddings have them (stage embed, copies)',
    ),
  subtractMean: z.boolean().default(true).describe('centre embeddings on the training mean'),
  whiten: z.boolean().default(false).describe('PCA whitening, right after the centring'),
  lda: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('dimensions that linear discriminant analysis keeps; default: no LDA'),
  plda: z
    .strictObject({
      iterations: z.number().int().min(0).default(10).describe('rounds of expectation maximisation'),
      sessions: z
        .enum(['count', 'mean'])
        .default('count')
        .describe('how an enrolment of several utterances counts: as their number, or as one utterance at their mean'),
    })
    .optional()
    .describe('score by two-covariance PLDA over length-normalised embeddings; default: cosine'),
  adapt: z
    .strictObject({
      embeddings: artifact('embeddings'),
      method: z
        .enum(['plda', 'coral'])
        .default('plda')
        .describe(
          'plda: add what the other domain varies more to the PLDA; coral: give the training embeddings its mean and covariance first (Sun et al. 2016)',
        ),
      between: share,
      within: share,
    })
    .optional()
    .describe('adapt to the training utterances of another domain, without labels'),
  norm: z
    .strictObject({
      kind: z.enum(['as-norm', 's-norm']),
      top: z
        .number()
        .int()
        .min(2)
        .optional()
        .describe(`as-norm: how many of the best-scoring cohort speakers count; default ${DEFAULT_TOP}`),
    })
    .superRefine(
      refuseIdle(({ kind, top }) => [
        [kind === 's-norm' && top !== undefined, 'top', 'has no effect with kind: s-norm'],
      ]),
    )
    .optional()
    .describe('score normalisation by the mean embeddings of training speakers or clusters'),
  calibrate: z
    .strictObject({
      measures: z.array(z.enum(qualityMeasures)).default([...qualityMeasures]),
      trials: z
        .number()
        .int()
        .min(10)
        .default(30_000)
        .describe('number of trials among training utterances to learn from'),
      ridge: z.number().positive().default(1e-4).describe('weight of the L2 penalty'),
    })
    .optional()
    .describe('logistic regression from scores and quality measures to log-likelihood ratios'),
  cohort: z
    .enum(['allow', 'forbid'])
    .default('allow')
    .describe('forbid: refuse anything that uses speakers other than the two of a trial, as one-to-one rules require'),
});
type Options = z.output<typeof options>;

const result = z.object({
  /** Speakers or clusters whose mean embeddings are the cohort. */
  cohort: z.number(),
  /** Of the training embeddings, by round of expectation maximisation; null without PLDA. */
  logLikelihoods: z.array(z.number().nullable()).nullable(),
  /** Cllr in bits, on the trials that it was learned from. */
  calibration: z.object({ trials: z.number(), cllr: z.number().nullable() }).nullable(),
});

/** Learns the chain from embeddings to scores, for `evaluate` and `voxloop score --backend`. */
export default defineStage({
  name: 'backend',
  summary: 'Learns LDA, PLDA, score normalisation and calibration from training embeddings.',
  options,
  result,
  check: (_, chosen) => backendFaults(chosen),
  async run(context, recipe) {
    const corpus = openTraining(context.artifact(recipe.corpus));
    if (!recipe.clusters && !speakersKnown(corpus) && trialListNames(context.artifact(recipe.corpus)).length === 0) {
      context.log(
        'no speaker is known, no pseudo-labels are given and no trials are to be scored: no back-end is made',
      );
      return { cohort: 0, logLikelihoods: null, calibration: null };
    }
    const embeddings = context.artifact(recipe.embeddings);
    const { vectors, size, rows } = readTrainingEmbeddings(embeddings, recipe);
    const utterances = corpus.train.ids.length;
    const labels = recipe.clusters ? readLabels(context.artifact(recipe.clusters), utterances) : speakerLabels(corpus);
    const recordings = Int32Array.from({ length: rows }, (_, row) => row % utterances);
    const model = modelOfEmbeddings(embeddings);
    const adapt = recipe.adapt && {
      ...recipe.adapt,
      vectors: adaptationVectors(context.artifact(recipe.adapt.embeddings), model),
    };
    const { backend, logLikelihoods } = fitBackend(
      {
        vectors,
        size,
        recordings,
        seed: context.seed,
        model,
        labels: recordings.map((recording) => labels[recording]),
        seconds: Float64Array.from(recordings, (recording) => corpus.train.samples[recording] / SAMPLE_RATE_HZ),
      },
      { ...recipe, adapt, norm: normOf(recipe) },
    );
    writeBackend(context.dir, backend);
    const { cohort, calibration } = backend;
    return {
      cohort: cohort!.length / size,
      logLikelihoods,
      calibration: calibration && { trials: calibration.trials, cllr: calibration.cllr },
    };
  },
});

const normOf = ({ norm }: Pick<Options, 'norm'>) => norm && { top: DEFAULT_TOP, ...norm };

/** Faults in the options of the chain. */
function backendFaults({ cohort, norm, calibrate, adapt, plda }: Options): string[] {
  const faults =
    adapt?.method === 'plda' && !plda
      ? ["'adapt' adapts a PLDA; add 'plda', take method: coral, or leave it out."]
      : [];
  const fault = cohort === 'forbid' && cohortFault(cohortUses({ norm: normOf({ norm }), calibration: calibrate }));
  return fault ? [...faults, fault] : faults;
}

/** Embeddings of the other domain. @throws UserError when they are not of the model of the training embeddings */
function adaptationVectors(target: Artifact, model: ModelIdentity | undefined): Float32Array {
  const remedy = 'Embed both corpora with one model.';
  checkSameModel("What 'adapt.embeddings' names", modelOfEmbeddings(target), model, remedy);
  return readEmbeddings(target, 'train').vectors;
}

function speakerLabels(corpus: TrainingData): Int32Array {
  if (!speakersKnown(corpus)) {
    throw new UserError(
      "The corpus' speakers are not known. Give the backend stage pseudo-labels: `clusters: <a cluster stage>`.",
    );
  }
  const numbers = new Map([...new Set(corpus.trainSpeakers)].map((speaker, i) => [speaker, i]));
  return Int32Array.from(corpus.trainSpeakers, (speaker) => numbers.get(speaker)!);
}
