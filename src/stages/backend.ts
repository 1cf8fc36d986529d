import { z } from 'zod';
import { UserError } from '../errors.js';
import { writeBackend } from '../eval/backend/backend-file.js';
import { fitBackend } from '../eval/backend/fit-backend.js';
import { qualityMeasures } from '../eval/backend/quality-measures.js';
import { cohortFault, cohortUses, DEFAULT_TOP } from '../eval/backend/scoring-backend.js';
import { checkSameModel, type ModelIdentity } from '../eval/model-identity.js';
import { defineStage } from '../plugin/define.js';
import { artifact } from '../plugin/options.js';
import type { Artifact } from '../plugin/stage.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { type CorpusData, openCorpus, speakersKnown } from './artifacts/corpus-data.js';
import { modelOfEmbeddings, readEmbeddings, readTrainingEmbeddings } from './artifacts/embeddings-data.js';
import { readLabels } from './artifacts/pseudo-labels.js';

const share = z.number().min(0).max(1).default(0.5);

const options = z.strictObject({
  corpus: artifact('corpus'),
  embeddings: artifact('embeddings'),
  clusters: artifact('clusters')
    .optional()
    .describe(
      'pseudo-labels to learn from, where the speakers are not known or not to be looked at; default: the speakers',
    ),
  copies: z
    .boolean()
    .default(true)
    .describe(
      'learn from augmented copies of the utterances too, where the embeddings have them (stage embed, copies)',
    ),
  subtractMean: z.boolean().default(true).describe('centre embeddings on the training mean'),
  whiten: z.boolean().default(false).describe('PCA whitening, before anything else but the mean'),
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
        .describe('an enrolment of several utterances: by the book, or as if their mean were one'),
    })
    .optional()
    .describe('score by two-covariance PLDA over length-normalised embeddings; default: cosine'),
  adapt: z
    .strictObject({ embeddings: artifact('embeddings'), between: share, within: share })
    .optional()
    .describe('adapts the PLDA to the training utterances of another domain, without labels'),
  norm: z
    .strictObject({
      kind: z.enum(['as-norm', 's-norm']),
      top: z.number().int().min(2).default(DEFAULT_TOP).describe('best-scoring cohort speakers that count in as-norm'),
    })
    .optional()
    .describe('score normalisation by the mean embeddings of training speakers or clusters'),
  calibrate: z
    .strictObject({
      measures: z.array(z.enum(qualityMeasures)).default([...qualityMeasures]),
      trials: z.number().int().min(10).default(30_000).describe('trials among training utterances to learn from'),
      ridge: z.number().positive().default(1e-4).describe('penalty of squared weights'),
    })
    .optional()
    .describe('logistic regression from scores and quality measures to log-likelihood ratios'),
  cohort: z
    .enum(['allow', 'forbid'])
    .default('allow')
    .describe('forbid: refuse whatever looks at speakers other than the two of a trial, as one-to-one rules ask'),
});
type Options = z.output<typeof options>;

/** Learns the chain from embeddings to scores, for `evaluate` and `voxloop score --backend`. */
export default defineStage({
  name: 'backend',
  summary: 'Learns LDA, PLDA, score normalisation and calibration from training embeddings.',
  options,
  check: (_, given) => faults(given),
  async run(context, given) {
    const corpus = openCorpus(context.artifact(given.corpus));
    const embeddings = context.artifact(given.embeddings);
    const { vectors, size, rows } = readTrainingEmbeddings(embeddings, given);
    const utterances = corpus.train.ids.length;
    const labels = given.clusters ? readLabels(context.artifact(given.clusters), utterances) : speakerLabels(corpus);
    const recordings = Int32Array.from({ length: rows }, (_, row) => row % utterances);
    const model = modelOfEmbeddings(embeddings);
    const adapt = given.adapt && {
      ...given.adapt,
      vectors: adaptationVectors(context.artifact(given.adapt.embeddings), model),
    };
    const { backend, logLikelihoods } = fitBackend(
      {
        ...{ vectors, size, recordings, seed: context.seed, model },
        labels: recordings.map((recording) => labels[recording]),
        seconds: Float64Array.from(recordings, (recording) => corpus.train.samples[recording] / SAMPLE_RATE_HZ),
      },
      { ...given, adapt },
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

function faults({ cohort, norm, calibrate, adapt, plda }: Options): string[] {
  const found: string[] = [];
  if (adapt && !plda) found.push("'adapt' adapts a PLDA; add 'plda', or leave it out.");
  const fault = cohort === 'forbid' && cohortFault(cohortUses({ norm, calibration: calibrate }));
  return fault ? [...found, fault] : found;
}

/** Embeddings of the other domain. @throws UserError when they are not of the model of the training embeddings */
function adaptationVectors(target: Artifact, model: ModelIdentity | undefined): Float32Array {
  const mend = 'Embed both corpora with one model.';
  checkSameModel("What 'adapt.embeddings' names", modelOfEmbeddings(target), model, mend);
  return readEmbeddings(target, 'train').vectors;
}

function speakerLabels(corpus: CorpusData): Int32Array {
  if (!speakersKnown(corpus)) {
    throw new UserError(
      "The corpus' speakers are not known. Give the backend stage pseudo-labels: `clusters: <a cluster stage>`.",
    );
  }
  const numbers = new Map([...new Set(corpus.trainSpeakers)].map((speaker, i) => [speaker, i]));
  return Int32Array.from(corpus.trainSpeakers, (speaker) => numbers.get(speaker)!);
}
