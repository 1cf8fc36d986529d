import { z } from 'zod';

const correctionOptions = z.strictObject({
  fromEpoch: z
    .number()
    .int()
    .positive()
    .default(8)
    .describe('first epoch with correction, counted from 0; too early, the network has not learned enough to correct'),
  temperature: z
    .number()
    .positive()
    .default(0.05)
    .describe("divides the loss's class scores (cosines) before the softmax; about 1 / scale of the loss"),
  confidence: z.number().min(0).lt(1).default(0.7).describe('least probability of a label that replaces another'),
  cropSeconds: z
    .number()
    .positive()
    .optional()
    .describe('length of the clean view; longer crops are predicted more surely. Default: the crop that is trained on'),
});

/** Options of a loss gate, beside the choice of its rule. */
export const gateOptions = {
  gateFromEpoch: z
    .number()
    .int()
    .positive()
    .default(2)
    .describe('first epoch in which the gate decides, counted from 0'),
  gateMomentum: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('weight of earlier epochs in the loss that the gate judges: 0 judges the last crop alone'),
  correction: correctionOptions
    .optional()
    .describe('trains samples that the gate rejects on the label predicted from the clean view, where it is confident'),
};

const schema = z.object(gateOptions);
export type GateOptions = z.output<typeof schema>;

/** Faults in the options of label correction; `gate` is the rule that was chosen, if any. */
export function gateFaults({ gate, gateFromEpoch, correction }: GateOptions & { gate?: unknown }): string[] {
  if (!correction) return [];
  const faults: string[] = [];
  if (gate === undefined)
    faults.push(
      'correction: only samples that a gate rejects are corrected. Give a `gate`, or leave `correction` out.',
    );
  if (correction.fromEpoch < gateFromEpoch)
    faults.push(
      `correction.fromEpoch: ${correction.fromEpoch} is before the gate opens (gateFromEpoch: ${gateFromEpoch}).`,
    );
  return faults;
}
