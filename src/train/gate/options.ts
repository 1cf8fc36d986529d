import { z } from 'zod';

/** Epochs, counted from 0, from which on labels are rejected and corrected where nothing else is said. */
export const FROM_EPOCH = { gate: 2, correction: 8 };

const correctionOptions = z.strictObject({
  fromEpoch: z
    .number()
    .int()
    .positive()
    .optional()
    .describe(
      `first epoch with correction, counted from 0; too early, the network has not learned enough to correct; default ${FROM_EPOCH.correction}`,
    ),
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
    .optional()
    .describe(`first epoch in which the gate decides, counted from 0; default ${FROM_EPOCH.gate}`),
  gateMomentum: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe('weight of earlier epochs in the loss that the gate judges; default 0: the last crop alone'),
  gateJudges: z
    .enum(['without-margin', 'with-margin'])
    .optional()
    .describe(
      'the losses that the gate judges; with-margin: as they are trained on, which is what published thresholds are for. ' +
        'Default without-margin',
    ),
  correction: correctionOptions
    .optional()
    .describe('trains samples that the gate rejects on the label predicted from the clean view, where it is confident'),
};

const schema = z.object(gateOptions);
export type GateOptions = z.output<typeof schema>;

/** The training that a gate belongs to. */
interface GatedTraining extends GateOptions {
  /** The rule that was chosen, if any. */
  gate?: unknown;
  /** Length of the run, where it is given in epochs. */
  epochs?: number;
}

/** Faults in the options of a gate and its corrections, among them options without an effect. */
export function gateFaults(training: GatedTraining): string[] {
  return training.gate === undefined ? faultsWithoutGate(training) : epochFaults(training);
}

function faultsWithoutGate({ correction, ...options }: GatedTraining): string[] {
  const idle = (['gateFromEpoch', 'gateMomentum', 'gateJudges'] as const).filter((name) => options[name] !== undefined);
  return [
    ...idle.map((name) => `${name}: it has no effect without a gate. Give a \`gate\`, or leave \`${name}\` out.`),
    ...(correction
      ? ['correction: only samples that a gate rejects are corrected. Give a `gate`, or leave `correction` out.']
      : []),
  ];
}

function epochFaults({ gateFromEpoch, correction, epochs = Number.POSITIVE_INFINITY }: GatedTraining): string[] {
  const opens = gateFromEpoch ?? FROM_EPOCH.gate;
  const corrects = correction?.fromEpoch;
  const end = `the run ends before (epochs: ${epochs}), so it would do nothing. Lower it, or leave it out.`;
  return faultsOf([
    [gateFromEpoch !== undefined && opens >= epochs, `gateFromEpoch: ${opens}: ${end}`],
    [corrects !== undefined && corrects >= epochs, `correction.fromEpoch: ${corrects}: ${end}`],
    [
      correction !== undefined && (corrects ?? FROM_EPOCH.correction) < opens,
      `correction.fromEpoch: ${corrects ?? FROM_EPOCH.correction} is before the gate opens (gateFromEpoch: ${opens}).`,
    ],
  ]);
}

const faultsOf = (faults: readonly (readonly [wrong: boolean, message: string])[]): string[] =>
  faults.filter(([wrong]) => wrong).map(([, message]) => message);
