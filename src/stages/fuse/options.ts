import { z } from 'zod';
import { artifact, pluginChoice } from '../../plugin/options.js';
import { embeddingsResult } from '../artifacts/embeddings-data.js';
import { trainingOptions } from '../training/training-options.js';

const { batchSize, steps, epochs, optimizer, rate, checkpointSeconds } = trainingOptions;

export const fuseOptions = z.strictObject({
  corpus: artifact('corpus'),
  embeddings: artifact('embeddings').describe("the voices' embeddings, of a stage embed"),
  faces: z
    .string()
    .describe(
      'file of face embeddings by the ids of utterances: .npy with names in a .tsv beside it, .scp or .ark; an utterance without one is known by ' +
        'its voice alone',
    ),
  clusters: artifact('clusters')
    .optional()
    .describe("labels of a labels or cluster stage to learn from; default: the corpus' speakers"),
  size: z.number().int().positive().default(128).describe('numbers of the fused embedding'),
  dropFaces: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe('share of the faces that each step leaves out, so that a missing face is nothing new'),
  faceWeight: z.number().min(0).max(1).default(0.5).describe("the face's share when scores are fused"),
  loss: pluginChoice('loss').prefault('aam-softmax'),
  batchSize,
  steps,
  epochs,
  optimizer,
  rate,
  checkpointSeconds,
});
export type FuseOptions = z.output<typeof fuseOptions>;

const listFigures = z.object({
  trials: z.number(),
  /** Trials with a face on both sides. */
  withFaces: z.number(),
  /** EER by the voice, as a fraction; as the others. */
  voice: z.number(),
  /** By the face, of the trials that have one on both sides; null where there is none. */
  face: z.number().nullable(),
  /** By the weighted mean of both scores. */
  scores: z.number(),
  /** By the fused embedding. */
  fused: z.number(),
  /** Mean share of the face in the fused embeddings of utterances that have one. */
  faceShare: z.number().nullable(),
});
export type FuseFigures = z.output<typeof listFigures>;

export const fuseResult = embeddingsResult.extend({
  steps: z.number(),
  /** Training utterances, and those of them with a face. */
  training: z.object({ utterances: z.number(), faces: z.number() }),
  lists: z.record(z.string(), listFigures),
});
