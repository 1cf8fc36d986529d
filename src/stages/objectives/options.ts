import { z } from 'zod';
import { artifact, pluginChoice } from '../../plugin/options.js';

/** Options of trainings that learn from more than their main loss. */
export const objectiveStageOptions = {
  objectives: z
    .array(pluginChoice('objective'))
    .default([])
    .describe(
      'losses beside the main one, each at a layer of the network and with a weight: phones, domains, languages',
    ),
  target: artifact('corpus')
    .optional()
    .describe(
      'recordings of another domain, without labels: as many of them as of the corpus are in every batch, for objectives that compare both',
    ),
  domainNorms: z
    .boolean()
    .default(false)
    .describe(
      "a batch normalisation of its own for each domain: the model has the target's, and the network `source` of the stage the corpus'",
    ),
  adapters: z
    .strictObject({
      rank: z
        .number()
        .int()
        .positive()
        .optional()
        .describe('channels of an adapter; default 16, or as they are in `init`'),
    })
    .optional()
    .describe(
      'train residual adapters at every layer of `init`, and nothing else of the network: its own weights keep every bit',
    ),
};

const written = z.object(objectiveStageOptions);
export type ObjectiveStageOptions = z.output<typeof written>;
