import { z } from 'zod';
import { checkLibrary } from '../../engine/session/with-session.js';
import { userError } from '../../errors.js';
import { optimizerOptions } from '../../optim/optimizer.js';
import { scheduleOptions } from '../../optim/schedule.js';
import { pluginChoice } from '../../plugin/options.js';
import type { CheckContext } from '../../plugin/stage.js';
import { microBatchFault } from '../../train/step/micro-batches.js';

/** Speeds at which crops are played, 1 among them. */
export const speedsOption = z
  .array(z.number().min(0.5).max(2).multipleOf(0.05))
  .refine(
    (list) => list[0] === 1 && new Set(list).size === list.length,
    'must differ from each other, and begin with 1',
  );

/** Options of every stage that trains. */
export const trainingOptions = {
  augmentation: z.array(pluginChoice('augmentation')).default([]).describe('applied to every crop, in this order'),
  batchSize: z.number().int().min(2).default(64).describe('utterances in a batch'),
  accumulate: z
    .number()
    .int()
    .positive()
    .default(1)
    .describe(
      'number of micro-batches of a batch, whose gradients are averaged: less memory, but losses that compare utterances, and batch ' +
        'normalisation, see only one; running statistics, centres and queues move once a batch',
    ),
  steps: z.number().int().nonnegative().optional().describe('updates; give steps or epochs'),
  epochs: z.number().positive().optional(),
  optimizer: optimizerOptions.prefault({}),
  rate: scheduleOptions,
  compute: z.enum(['float32', 'bfloat16', 'auto']).default('float32').describe('auto: bfloat16 where that is faster'),
  tf32: z
    .boolean()
    .default(true)
    .describe(
      'on a GPU, float32 convolutions and products of the training round their factors to TF32; false: they do not',
    ),
  checkpointSeconds: z.number().positive().default(60),
};

/** Options that may change when a stopped training is resumed: the checkpoint's states are converted. */
export const convertibleOptions = [
  'optimizer.stateBits',
  'optimizer.stateBlock',
  'optimizer.keep32',
  'checkpointSeconds',
];

/** A training stage's check, before the run starts. */
export function checkTraining(
  context: CheckContext,
  { batchSize, accumulate, steps, epochs }: { batchSize: number; accumulate: number; steps?: number; epochs?: number },
): string[] {
  const { workers } = context;
  const faults = [microBatchFault(batchSize, accumulate, workers?.count), lengthFault({ steps, epochs })];
  return [...checkLibrary(context), ...faults.filter((fault) => fault !== undefined)];
}

/** The fault of a part, such as `method: 'sdpn'`, that several workers cannot train. */
export const workersFault = ({ workers }: CheckContext, part: string, fit: boolean | undefined): string[] =>
  workers && !fit
    ? [
        `${part} compares the rows of a batch, and does not bring those of several workers together. Run it without --workers, ` +
          'or choose another.',
      ]
    : [];

const lengthFault = ({ steps, epochs }: { steps?: number; epochs?: number }): string | undefined =>
  (steps === undefined) === (epochs === undefined)
    ? 'steps, epochs: a training stage needs either `steps` or `epochs` (one of them).'
    : undefined;

/** Steps of a run from `steps` or `epochs`. */
export function stepsOf({ steps, epochs }: { steps?: number; epochs?: number }, batchesPerEpoch: number): number {
  return lengthFault({ steps, epochs })
    ? userError(lengthFault({ steps, epochs })!)
    : (steps ?? Math.round(epochs! * batchesPerEpoch));
}

/** Samples of a crop. */
export const cropSamples = (seconds: number, sampleRateHz: number): number => Math.round(seconds * sampleRateHz);
