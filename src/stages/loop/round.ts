import { z } from 'zod';
import { loopRound } from '../../report/report.js';
import { finetuneResult } from '../finetune/result.js';

/** A round that is done. */
export const roundResult = z.object({
  round: z.number(),
  /** The artifact of its network. */
  network: z.string(),
  /** Folder of that artifact within the loop's. */
  folder: z.string(),
  /** The result of its training. */
  training: finetuneResult,
  ...loopRound.omit({ round: true }).shape,
});
export type Round = z.output<typeof roundResult>;
