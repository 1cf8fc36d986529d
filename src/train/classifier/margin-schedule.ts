import { z } from 'zod';
import { linearRamp } from '../../optim/schedule.js';

/** Options of the rise of a margin. */
export const marginScheduleOptions = z.strictObject({
  fromEpoch: z.number().nonnegative().describe('epoch, counted from 0, before which there is no margin'),
  toEpoch: z.number().nonnegative().describe("epoch from which the loss's whole margin applies"),
  shape: z.enum(['exponential', 'linear']).default('exponential').describe('exponential: fast at first, then slow'),
});
export type MarginSchedule = z.output<typeof marginScheduleOptions>;

/** Share of the margin that an exponential rise still lacks at its end, where the last step closes the gap. */
const REST = 1e-3;

/**
 * Share of its margin that a loss has at `epoch` (whole or not), 0 to 1; without a schedule all of it. The exponential rise is
 * 1 - 0.001^progress, as in WeSpeaker's margin scheduler: nine tenths of it are there after a third of the way.
 */
export function marginShare(schedule: MarginSchedule | undefined, epoch: number): number {
  if (!schedule || epoch >= schedule.toEpoch) return 1;
  const { fromEpoch, toEpoch, shape } = schedule;
  const progress = linearRamp(0, 1, (epoch - fromEpoch) / (toEpoch - fromEpoch));
  return shape === 'linear' ? progress : 1 - REST ** progress;
}

/** Faults of a schedule in a run of `epochs`, where these are known. */
export function marginFaults({ fromEpoch, toEpoch }: MarginSchedule, epochs: number | undefined): string[] {
  if (toEpoch < fromEpoch)
    return [`margin.toEpoch: ${toEpoch} is before fromEpoch (${fromEpoch}): the margin has to rise.`];
  if (epochs !== undefined && toEpoch > epochs)
    return [`margin.toEpoch: ${toEpoch} is after the end (epochs: ${epochs}): the whole margin would never apply.`];
  return [];
}
