import { z } from 'zod';
import { MOST_CLASSES } from '../../data/frame-labels/frame-labels.js';
import { UserError } from '../../errors.js';
import { artifact } from '../../plugin/options.js';

export const alignmentOptions = z.strictObject({
  corpus: artifact('corpus'),
  file: z
    .string()
    .optional()
    .describe('alignment: CTM, or lines of UTTERANCE START DURATION PHONE in seconds, by the names of the corpus'),
  posteriors: z
    .string()
    .optional()
    .describe(
      'instead: soft labels of any frame classifier, a Kaldi archive or its index, [frames, classes] by utterance',
    ),
  phones: z
    .string()
    .optional()
    .describe('list of the phones, the first word of each line; default: those that occur (posteriors: numbers)'),
  wordPositions: z
    .enum(['drop', 'keep'])
    .default('drop')
    .describe("Kaldi's endings _B, _I, _E and _S of phones: drop makes one class of all four"),
  shiftMs: z
    .number()
    .positive()
    .default(10)
    .describe('time from one label to the next; of posteriors, from one row to the next'),
  slackSeconds: z.number().nonnegative().default(0.1).describe('how far an alignment may reach beyond its audio'),
  strays: z
    .enum(['refuse', 'leave-out'])
    .default('refuse')
    .describe('utterances that are not in the corpus, and phones that are not in the list'),
});
export type AlignmentOptions = z.output<typeof alignmentOptions>;

/** Refuses classes of which nothing can be learned, and more than a label can name. */
export function refuseClassNumber(classes: number, { file, posteriors }: AlignmentOptions): void {
  const path = file ?? posteriors;
  if (classes < 2)
    throw new UserError(`${path} tells ${classes} phones apart; two are needed to learn anything. Give another file.`);
  if (classes > MOST_CLASSES)
    throw new UserError(`${path} tells ${classes} phones apart; at most ${MOST_CLASSES} can be.`);
}
