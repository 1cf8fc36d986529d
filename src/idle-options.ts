import type { z } from 'zod';

/** An option that may have been given in vain: whether it was, its name below the schema (dotted), and the rest of the sentence. */
export type IdleOption = readonly [idle: boolean, option: string, why: string];

/**
 * For a schema's `superRefine`: refuses options that others leave without an effect. An option can only be known to have been given
 * where it has no default in the schema; its default then stands in its description, and where it is read.
 */
export const refuseIdle =
  <T>(idleOptions: (options: T) => readonly IdleOption[]) =>
  (options: T, context: z.RefinementCtx<T>): void => {
    for (const [idle, option, why] of idleOptions(options))
      if (idle) context.addIssue({ code: 'custom', path: option.split('.'), message: why });
  };
