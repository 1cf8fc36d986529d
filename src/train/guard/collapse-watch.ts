import { z } from 'zod';
import { UserError } from '../../errors.js';
import { refuseIdle } from '../../idle-options.js';
import type { HostState } from '../checkpoint.js';
import type { StepMetrics } from '../step/training-step.js';
import type { Watched } from '../train-loop.js';
import { CAUSES, describeSuspicion } from './collapse-causes.js';
import { type CollapseEvent, type CollapseGuard, createCollapseGuard } from './collapse-guard.js';

/** Options of the collapse guard. */
export const guardOptions = z
  .strictObject({
    action: z
      .enum(['warn', 'rollback', 'stop', 'off'])
      .default('warn')
      .describe(
        'action on collapse; rollback: continue from the last healthy state with another order of the data and a lower rate',
      ),
    window: z.int().min(2).optional().describe('steps that must agree; default a twentieth of the run, 5 to 200'),
    grace: z.number().min(0).max(1).optional().describe('share of the run before the first verdict; default 0.1'),
    retries: z.int().min(0).optional().describe('rollback: largest number of roll-backs; default 2'),
    rateFactor: z
      .number()
      .positive()
      .max(1)
      .optional()
      .describe('rollback: factor on the rate, each time; default 0.5'),
  })
  .superRefine(
    refuseIdle(({ action, ...options }) => {
      const idle = `has no effect with action: ${action}`;
      return [
        [action === 'off' && options.window !== undefined, 'window', idle],
        [action === 'off' && options.grace !== undefined, 'grace', idle],
        [action !== 'rollback' && options.retries !== undefined, 'retries', idle],
        [action !== 'rollback' && options.rateFactor !== undefined, 'rateFactor', idle],
      ];
    }),
  )
  .prefault({});
export type GuardOptions = z.output<typeof guardOptions>;

/** A guard and its reaction to a collapse. */
export interface CollapseWatch {
  guard: CollapseGuard;
  /** Number of roll-backs. */
  retries(): number;
  /** Factor on the learning rate. */
  rateFactor(): number;
  /** For the training loop. */
  watch(step: number, values: StepMetrics): Watched;
}

/** The run as a watch acts on it. */
export interface WatchedRun {
  steps: number;
  /** Values of an embedding. */
  size: number;
  log(line: string): void;
  save(step: number): Promise<void>;
  /** Keeps the state at `step` as a candidate for a healthy one; the candidate of `every` steps before has proved healthy. */
  keep(step: number, every: number): Promise<void>;
  /** Loads the last healthy state and makes it the run's; `went` notes the roll-back in the state to be saved. Returns its step. */
  goBack(went: (to: number, state: HostState) => void): Promise<number>;
}

/** Shares of the run. */
const [WINDOW, KEPT] = [1 / 20, 1 / 50];
const [LEAST, MOST] = [5, 200];

/** Creates the guard of a run, and its reactions; undefined where it is off. */
export function createCollapseWatch(options: GuardOptions, run: WatchedRun): CollapseWatch | undefined {
  if (options.action === 'off') return undefined;
  const { steps, size, log } = run;
  const { grace = 0.1, retries: mostRetries = 2, rateFactor: retryFactor = 0.5 } = options;
  const window = options.window ?? Math.min(Math.max(Math.round(WINDOW * steps), LEAST), MOST);
  const guard = createCollapseGuard({ size, window, grace: Math.max(window, Math.round(grace * steps)) });
  const every = Math.max(window, Math.ceil(KEPT * steps));
  const retries = () => guard.events.filter(({ backTo }) => backTo !== undefined).length;

  const keep = (step: number) => async () => {
    await run.keep(step, every);
    return step;
  };
  const end = async (step: number, sentence: string, why: string): Promise<never> => {
    await run.save(step + 1);
    throw new UserError(`Step ${step}: ${sentence} ${why} The state is saved; 'guard.action: warn' continues from it.`);
  };
  const goBack = (event: CollapseEvent) => async () => {
    const sentence = describeSuspicion(event);
    if (retries() >= mostRetries) {
      const times = retries() === 1 ? 'once' : `${retries()} times`;
      return end(event.step, sentence, `The run was rolled back ${times}, which did not help: change its options.`);
    }
    const to = await run.goBack((step, state) => guard.wentBack(event, step, state));
    const rate = retryFactor ** retries();
    log(`step ${event.step}: back to step ${to}, the last healthy one; the learning rate is multiplied by ${rate}`);
    return to;
  };
  return {
    guard,
    retries,
    rateFactor: () => retryFactor ** retries(),
    watch(step, values) {
      const { suspicion, fresh } = guard.see(step, values);
      if (!suspicion) return options.action === 'rollback' && (step + 1) % every === 0 ? { react: keep(step + 1) } : {};
      const sentence = describeSuspicion(suspicion);
      if (fresh) log(`warning: step ${step}: ${sentence}`);
      const seen: Watched = fresh ? { marks: { collapse: 1 + CAUSES.indexOf(suspicion.cause) } } : {};
      if (options.action === 'warn') return seen;
      if (options.action === 'rollback') return { ...seen, react: goBack({ ...suspicion, step }) };
      return { ...seen, react: () => end(step, sentence, 'The run stops, because guard.action is stop.') };
    },
  };
}
