import { z } from 'zod';
import type { Backbone } from '../../nn/backbone.js';
import { FEATURES } from '../../nn/moments/layer-moments.js';
import { artifact, pluginChoice } from '../../plugin/options.js';

const part = z.strictObject({
  layers: z
    .array(z.string())
    .min(1)
    .describe(
      "layers whose moments over time are taken, by name: `features`, the network's input, or layers of frames",
    ),
  normalise: z
    .enum(['total', 'within'])
    .describe(
      '`total`: by the covariance of all utterances, which is whitening; `within`: by that of an utterance and its copies through ' +
        '`augmentation`, so that what a channel changes counts little',
    ),
  weight: z.number().positive().default(1).describe("the part's cosine counts so much beside the embedding's"),
});

/** A part that is put behind the embedding. */
export type MomentPart = z.output<typeof part>;

/** The options of the stage. */
export const appendMomentsOptions = z.strictObject({
  model: artifact('model'),
  network: z.string().optional().describe("which of the model's networks; default: the one that is the result"),
  corpus: artifact('corpus').describe('recordings to learn the normalisations from; no label is used'),
  parts: z
    .array(part)
    .min(1)
    .optional()
    .describe(
      'what is put behind the embedding; default: the features by `total`, of weight 0.5, and features and the first layer by `within`, of weight 1',
    ),
  utterances: z
    .number()
    .int()
    .min(2)
    .default(2000)
    .describe('how many utterances are heard at most, drawn by the seed'),
  copies: z.number().int().positive().default(3).describe('copies of each utterance through `augmentation`'),
  augmentation: z.array(pluginChoice('augmentation')).min(1).describe('what changes a copy, and no voice'),
});

/** The parts that are put behind an embedding where a recipe names none. */
export function defaultParts({ layers = {} }: Backbone): MomentPart[] {
  const first = Object.keys(layers).filter((name) => layers[name].of === 'frames')[0];
  return [
    { layers: [FEATURES], normalise: 'total', weight: 0.5 },
    { layers: first === undefined ? [FEATURES] : [FEATURES, first], normalise: 'within', weight: 1 },
  ];
}
