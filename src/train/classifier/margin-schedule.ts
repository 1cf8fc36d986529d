import { z } from 'zod';
import { linearRamp } from '../../optim/schedule.js';

/** Options of a margin's rise. */
export const marginScheduleOptions = z.strictObject({
  fromEpoch: z.number().nonnegative().describe('no margin before this epoch, counted from 0'),
  toEpoch: z.number().nonnegative().describe("the loss's whole margin from this epoch on"),
  shape: z.enum(['exponential', 'linear']).default('exponential').describe('exponential: fast at first, then slow'),
});
export type MarginSchedule = z.output<typeof marginScheduleOptions>;

/** What of the margin an exponential rise still lacks at its end, where the last step closes the gap. */
const REST = 1e-3;

/**
 * What share of its margin a loss has at `epoch` (whole or not), 0 to 1; without a schedule all of it. The exponential rise is
 * 1 - 0.001^progress, as in WeSpeaker's margin scheduler: nine tenths of it are there after a third of the way.
 */
export function marginShare(schedule: MarginSchedule | undefined, epoch: number): number {
  if (!schedule || epoch >= schedule.toEpoch) return 1;
  const { fromEpoch, toEpoch, shape } = schedule;
  const progress = linearRamp(0, 1, (epoch - fromEpoch) / (toEpoch - fromEpoch));
  return shape === 'linear' ? progress : 1 - REST ** progress;
}

/** What is wrong with a schedule in a run of `epochs`, where they are known. */
export function marginFaults({ fromEpoch, toEpoch }: MarginSchedule, epochs: number | undefined): string[] {
  if (toEpoch < fromEpoch)
    return [`margin.toEpoch: ${toEpoch} is before fromEpoch (${fromEpoch}): the margin has to rise.`];
  if (epochs !== undefined && toEpoch > epochs)
    return [`margin.toEpoch: ${toEpoch} is after the end (epochs: ${epochs}): the whole margin would never be there.`];
  return [];
}
