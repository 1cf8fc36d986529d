import { z } from 'zod';
import { UserError } from '../../errors.js';
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
        'on collapse; rollback: on from the last healthy state with another order of the data and a lower rate',
      ),
    window: z.int().min(2).optional().describe('steps that must agree; default a twentieth of the run, 5 to 200'),
    grace: z.number().min(0).max(1).default(0.1).describe('share of the run before which nothing is said'),
    retries: z.int().min(0).default(2).describe('rollback: at most so many times'),
    rateFactor: z.number().positive().max(1).default(0.5).describe('rollback: the rate is multiplied by it, each time'),
  })
  .prefault({});
export type GuardOptions = z.output<typeof guardOptions>;

/** A guard with what it does about a collapse. */
export interface CollapseWatch {
  guard: CollapseGuard;
  /** Times the run went back. */
  retries(): number;
  /** What the learning rate is multiplied by. */
  rateFactor(): number;
  /** For the training loop. */
  watch(step: number, values: StepMetrics): Watched;
}

/** What a watch can do to the run. */
export interface WatchedRun {
  steps: number;
  /** Values of an embedding. */
  size: number;
  log(line: string): void;
  save(step: number): Promise<void>;
  /** Keeps the state at `step` as one that may prove healthy; the one `every` steps before has. */
  keep(step: number, every: number): Promise<void>;
  /** Loads the last healthy state and makes it the run's; `went` notes it in the state that is saved. Returns its step. */
  goBack(went: (to: number, state: Parameters<CollapseGuard['restore']>[0]) => void): Promise<number>;
}

/** Shares of the run. */
const [WINDOW, KEPT] = [1 / 20, 1 / 50];
const [LEAST, MOST] = [5, 200];

/** Creates the guard of a run, and what it does; undefined where it is off. */
export function createCollapseWatch(options: GuardOptions, run: WatchedRun): CollapseWatch | undefined {
  if (options.action === 'off') return undefined;
  const { steps, size, log } = run;
  const window = options.window ?? Math.min(Math.max(Math.round(WINDOW * steps), LEAST), MOST);
  const guard = createCollapseGuard({ size, window, grace: Math.max(window, Math.round(options.grace * steps)) });
  const every = Math.max(window, Math.ceil(KEPT * steps));
  const retries = () => guard.events.filter(({ backTo }) => backTo !== undefined).length;

  const keep = (step: number) => async () => {
    await run.keep(step, every);
    return step;
  };
  const end = async (step: number, sentence: string, why: string): Promise<never> => {
    await run.save(step + 1);
    throw new UserError(`Step ${step}: ${sentence} ${why} The state is saved; 'guard.action: warn' goes on with it.`);
  };
  const goBack = (event: CollapseEvent) => async () => {
    const sentence = describeSuspicion(event);
    if (retries() >= options.retries) {
      const times = retries() === 1 ? 'once' : `${retries()} times`;
      return end(event.step, sentence, `The run went back ${times}, which did not help: it needs other options.`);
    }
    const to = await run.goBack((step, state) => guard.wentBack(event, step, state));
    const rate = options.rateFactor ** retries();
    log(`step ${event.step}: back to step ${to}, the last healthy one; the learning rate is multiplied by ${rate}`);
    return to;
  };
  return {
    guard,
    retries,
    rateFactor: () => options.rateFactor ** retries(),
    watch(step, values) {
      const { suspicion, fresh } = guard.see(step, values);
      if (!suspicion) return options.action === 'rollback' && (step + 1) % every === 0 ? { react: keep(step + 1) } : {};
      const sentence = describeSuspicion(suspicion);
      if (fresh) log(`warning: step ${step}: ${sentence}`);
      const seen: Watched = fresh ? { marks: { collapse: 1 + CAUSES.indexOf(suspicion.cause) } } : {};
      if (options.action === 'warn') return seen;
      if (options.action === 'rollback') return { ...seen, react: goBack({ ...suspicion, step }) };
      return { ...seen, react: () => end(step, sentence, 'The run stops, as guard.action asks.') };
    },
  };
}
