import { z } from 'zod';

/** Attributes that voxloop knows of itself: of the corpus, by measuring, and by simulating. */
export const OWN_ATTRIBUTES = ['speaker', 'gender', 'language', 'duration', 'channel', 'snr', 'content'] as const;
export type OwnAttribute = (typeof OWN_ATTRIBUTES)[number];

/** Options of probing, of the stage and the command. */
export const probeOptions = z.strictObject({
  attributes: z
    .array(z.string().min(1))
    .min(1)
    .prefault(OWN_ATTRIBUTES.slice())
    .describe(
      'what is asked of the layers: `speaker`, `gender`, `language` (of the corpus), `duration` (thirds of the utterances), `channel` ' +
        '(which of four simulated ones), `snr` (0, 10, 20 or 30 dB of added noise), `content` (which unit of sound an excerpt of 0.4 s holds), and ' +
        'columns of `tables`, which are always asked for',
    ),
  tables: z
    .array(z.string().min(1))
    .default([])
    .describe('files of further attributes: a header `utterance` or `speaker` and names, then values, parted by tabs'),
  most: z.number().int().min(16).default(1000).describe('utterances that are probed, drawn by seed'),
  hidden: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe('units of a hidden layer between a layer and the classes; 0: the probe is linear'),
  steps: z.number().int().positive().default(200).describe('updates of a probe, each on all utterances'),
  decay: z.number().nonnegative().default(0.001).describe('weight of the squared weights of a probe in its loss'),
  units: z.number().int().min(2).default(20).describe('units of sound that `content` tells apart'),
});
export type ProbeSettings = z.output<typeof probeOptions>;
