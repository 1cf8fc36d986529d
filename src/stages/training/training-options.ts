import { z } from 'zod';
import { checkLibrary } from '../../engine/session/with-session.js';
import { userError } from '../../errors.js';
import { optimizerOptions } from '../../optim/optimizer.js';
import { scheduleOptions } from '../../optim/schedule.js';
import { pluginChoice } from '../../plugin/options.js';
import type { CheckContext } from '../../plugin/stage.js';
import { microBatchFault } from '../../train/step/micro-batches.js';

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
      'number of micro-batches of a batch, whose gradients are averaged: less memory, but losses that compare utterances see only one',
    ),
  steps: z.number().int().nonnegative().optional().describe('updates; give steps or epochs'),
  epochs: z.number().positive().optional(),
  optimizer: optimizerOptions.prefault({}),
  rate: scheduleOptions,
  compute: z.enum(['float32', 'bfloat16', 'auto']).default('float32').describe('auto: bfloat16 where that is faster'),
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
  { batchSize, accumulate }: { batchSize: number; accumulate: number },
): string[] {
  const fault = microBatchFault(batchSize, accumulate);
  return [...checkLibrary(context), ...(fault ? [fault] : [])];
}

/** Steps of a run from `steps` or `epochs`. */
export function stepsOf({ steps, epochs }: { steps?: number; epochs?: number }, batchesPerEpoch: number): number {
  if (steps !== undefined && epochs === undefined) return steps;
  if (epochs !== undefined && steps === undefined) return Math.round(epochs * batchesPerEpoch);
  return userError('A training stage needs either `steps` or `epochs` (one of them).');
}

/** Samples of a crop. */
export const cropSamples = (seconds: number, sampleRateHz: number): number => Math.round(seconds * sampleRateHz);
