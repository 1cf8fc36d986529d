import { z } from 'zod';

const fields = z.strictObject({
  kind: z.enum(['constant', 'cosine', 'exponential', 'step', 'cyclic']).default('cosine'),
  peak: z.number().positive().describe('learning rate after warm-up; cyclic: at the top of the first cycle'),
  final: z
    .number()
    .nonnegative()
    .optional()
    .describe(
      'learning rate at the end (exponential: must be above 0; cyclic: at the bottom of a cycle; step: the lower bound); default 0',
    ),
  warmup: z.number().min(0).max(1).default(0).describe('share of the run with a linear rise from 0'),
  milestones: z
    .array(z.number().gt(0).lt(1))
    .min(1)
    .optional()
    .describe('step: rising shares of the run at which the rate is multiplied by `factor`: [0.6, 0.85]'),
  factor: z.number().gt(0).lt(1).optional().describe('step: default 0.1'),
  cycles: z.number().positive().optional().describe('cyclic: number of cycles in the run; default 1'),
});
export type ScheduleOptions = z.output<typeof fields>;

/** Options of a learning-rate schedule; steps are counted in shares of the whole run. */
export const scheduleOptions = fields.superRefine((options, context) => {
  for (const { path, message } of faultsOf(options)) context.addIssue({ code: 'custom', path: [path], message });
});

/** Faults in the options of a schedule. */
function faultsOf({
  kind,
  peak,
  final,
  milestones,
  factor,
  cycles,
}: ScheduleOptions): { path: string; message: string }[] {
  const rising = milestones?.every((share, i) => i === 0 || share > milestones[i - 1]) ?? true;
  const faults: [boolean, string, string][] = [
    [kind === 'constant' && final !== undefined, 'final', 'has no effect with kind: constant'],
    [kind === 'exponential' && !final, 'final', 'must be above 0 for an exponential decay'],
    [kind === 'cyclic' && (final ?? 0) >= peak, 'final', 'must be below the peak for cycles'],
    [
      kind === 'step' && !milestones,
      'milestones',
      'is missing: kind: step needs the shares of the run at which the rate drops',
    ],
    [kind !== 'step' && milestones !== undefined, 'milestones', `has no effect with kind: ${kind}`],
    [kind !== 'step' && factor !== undefined, 'factor', `has no effect with kind: ${kind}`],
    [kind !== 'cyclic' && cycles !== undefined, 'cycles', `has no effect with kind: ${kind}`],
    [!rising, 'milestones', 'must rise'],
  ];
  return faults.filter(([wrong]) => wrong).map(([, path, message]) => ({ path, message }));
}

/**
 * Learning rate at `step` of `steps`: a linear warm-up to `peak`, and over the rest half a cosine or an exponential decay to
 * `final`, drops at milestones (shares of the whole run), or cycles between `final` and `peak`.
 */
export function learningRate(options: ScheduleOptions, step: number, steps: number): number {
  const { kind, peak, final = 0, warmup } = options;
  const warm = Math.round(warmup * steps);
  if (step < warm) return (peak * (step + 1)) / warm;
  const progress = (step - warm) / Math.max(steps - warm, 1);
  if (kind === 'constant') return peak;
  if (kind === 'cosine') return cosineRamp(peak, final, progress);
  if (kind === 'exponential') return peak * (final / peak) ** progress;
  if (kind === 'step') return Math.max(final, dropped(options, step / steps));
  return triangular2(final, peak, (options.cycles ?? 1) * progress);
}

/** The peak after the milestones that `share` of the run has passed. */
function dropped({ peak, milestones = [], factor = 0.1 }: ScheduleOptions, share: number): number {
  return peak * factor ** milestones.filter((milestone) => share >= milestone).length;
}

/**
 * The policy `triangular2` of Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, arXiv:1506.01186: triangles
 * between `low` and `high`, each half as high as the one before.
 */
function triangular2(low: number, high: number, cycles: number): number {
  const cycle = Math.floor(cycles);
  const height = 1 - Math.abs(2 * (cycles - cycle) - 1);
  return low + ((high - low) * height) / 2 ** cycle;
}

/** From `from` to `to` along half a cosine, `progress` in [0, 1]. */
export function cosineRamp(from: number, to: number, progress: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * Math.min(Math.max(progress, 0), 1)))) / 2;
}

/** From `from` to `to` along a line, `progress` clamped to [0, 1]. */
export function linearRamp(from: number, to: number, progress: number): number {
  return from + (to - from) * Math.min(Math.max(progress, 0), 1);
}
