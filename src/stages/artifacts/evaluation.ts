import { z } from 'zod';
import { listResult } from '../../eval/detection/figures.js';

/** The result of a stage that evaluates a system: one row of results.json. */
export const evaluationResult = z.object({
  /** Name of the row. */
  system: z.string(),
  /** Name of the network among those of its model; null for a system without one. */
  network: z.string().nullable(),
  /** The method that trained the network, such as `dino teacher`. */
  origin: z.string().optional(),
  /** By name of the trial list. */
  lists: z.record(z.string(), listResult),
  /** Agreement of the pseudo-labels with the speakers; null where there are none, or the speakers are not known. */
  nmi: z.number().nullable(),
  purity: z.number().nullable(),
});
export type EvaluationResult = z.output<typeof evaluationResult>;
