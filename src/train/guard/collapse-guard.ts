import { float32, int32 } from '../../host-tensor.js';
import type { HostState, Stateful } from '../checkpoint.js';
import type { StepMetrics } from '../step/training-step.js';
import { CAUSES, type Cause, type Suspicion } from './collapse-causes.js';

/** The run's figures that a guard needs. */
export interface GuardedRun {
  /** Values of an embedding. */
  size: number;
  /** Steps that must agree. */
  window: number;
  /** First step with a verdict. Causes that need time to show, such as a loss that does not fall, have twice as long. */
  grace: number;
}

/** A suspicion of a step, once in a row of steps. */
export interface CollapseEvent extends Suspicion {
  step: number;
  /** The step that the run was rolled back to, where it was. */
  backTo?: number;
}

/** Follows a training's metrics; the same metrics give the same verdicts, wherever the run was stopped and resumed. */
export interface CollapseGuard extends Stateful {
  /** Looks at the metrics of a step. `fresh`: the cause was not there for two windows. */
  see(step: number, metrics: StepMetrics): { suspicion?: Suspicion; fresh: boolean };
  /** Suspicions so far, roll-backs included. */
  readonly events: readonly CollapseEvent[];
  /** Notes a roll-back to step `to`, and restores the metrics seen until then from a checkpoint's state. */
  wentBack(from: CollapseEvent, to: number, state: HostState): void;
}

const SIGNALS = ['loss', 'embeddingStd', 'effectiveRank', 'outputs', 'teacherEntropy', 'studentEntropy'] as const;
type Signals = Record<(typeof SIGNALS)[number], number>;

/** Shares of ln K, the entropy of K equal outputs. */
const [LOW_ENTROPY, HIGH_ENTROPY] = [0.02, 0.99];
/**
 * Share of 1 / sqrt(size), the deviation of random unit vectors (Chen and He, "Exploring Simple Siamese Representation Learning", CVPR
 * 2021, arXiv:2011.10566).
 */
const LOW_DEVIATION = 0.1;
/** An effective rank of 1 is a line. */
const LOW_RANK = 2;
/** Share of its start below which a signal counts as fallen, early in the run. */
const HALF = 0.5;
/** Share of the loss below which a change counts as none, beside its noise. */
const FLAT = 0.01;

/**
 * Judges a training by its last steps, all of which must agree: entropies of the outputs against 0 and ln K, deviation and effective
 * rank of the embeddings against theory and the start of the run, the loss against its start. Undefined: healthy.
 */
export function judge(
  { first, last, means }: { first: readonly Signals[]; last: readonly Signals[]; means: readonly [number, number] },
  { size, settled }: { size: number; settled: boolean },
): Suspicion | undefined {
  const all = (holds: (signals: Signals) => boolean) => last.every(holds);
  const suspicion = (cause: Cause, signal: keyof Signals, limit: number) => ({
    cause,
    value: mean(last, signal),
    limit,
  });
  const most = Math.log(last[0].outputs);
  const deviation = 1 / Math.sqrt(size);
  const fell = (signal: keyof Signals) => settled || mean(last, signal) <= HALF * mean(first, signal);

  const low = LOW_ENTROPY * most;
  if (all(({ teacherEntropy, studentEntropy }) => teacherEntropy <= low && studentEntropy <= low))
    return suspicion('one-prototype', 'teacherEntropy', low);
  const uniform = (['teacherEntropy', 'studentEntropy'] as const).find((signal) =>
    all((signals) => signals[signal] >= HIGH_ENTROPY * most),
  );
  if (settled && uniform) return suspicion('uniform-output', uniform, most);
  if (all(({ embeddingStd }) => embeddingStd <= LOW_DEVIATION * deviation) && fell('embeddingStd'))
    return suspicion('constant-embedding', 'embeddingStd', deviation);
  if (all(({ effectiveRank }) => effectiveRank <= LOW_RANK) && size > 2 * LOW_RANK && fell('effectiveRank'))
    return suspicion('few-dimensions', 'effectiveRank', LOW_RANK);
  if (settled && means[1] - means[0] <= noise(first)) return suspicion('flat-loss', 'loss', mean(first, 'loss'));
  return undefined;
}

/**
 * Distance between means of a few losses when nothing is learned. The variance is that of successive differences (von Neumann 1941), which a
 * loss that falls from the first step on does not raise.
 */
function noise(first: readonly Signals[]): number {
  const steps = first.slice(1).map(({ loss }, i) => loss - first[i].loss);
  const variance = steps.reduce((sum, step) => sum + step ** 2, 0) / (2 * Math.max(steps.length, 1));
  return Math.max(FLAT * Math.abs(mean(first, 'loss')), 2 * Math.sqrt(variance / first.length));
}

/** Creates a guard that has seen nothing. */
export function createCollapseGuard({ size, window, grace }: GuardedRun): CollapseGuard {
  let seen = 0;
  let [first, last]: Signals[][] = [[], []];
  /** Lowest and highest mean loss of `window` steps. */
  let means: [number, number] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let lastSeen: number[] = CAUSES.map(() => -1);
  let events: CollapseEvent[] = [];

  const take = (metrics: StepMetrics) => {
    const signals = signalsOf(metrics);
    if (first.length < window) first.push(signals);
    last = [...last, signals].slice(-window);
    if (++seen % window > 0) return;
    const loss = Math.fround(mean(last, 'loss'));
    means = [Math.min(means[0], loss), Math.max(means[1], loss)];
  };
  const restoreSeen = (state: HostState) => {
    [seen, ...lastSeen] = state['guard/seen'].data as Int32Array;
    first = rowsOf(state, 'guard/first').map(toSignals);
    last = rowsOf(state, 'guard/last').map(toSignals);
    means = [...(state['guard/means'].data as Float32Array)] as [number, number];
  };
  return {
    get events() {
      return events;
    },
    see(step, metrics) {
      take(metrics);
      if (step < grace || last.length < window) return { fresh: false };
      const suspicion = judge({ first, last, means }, { size, settled: step >= 2 * grace });
      if (!suspicion) return { fresh: false };
      const index = CAUSES.indexOf(suspicion.cause);
      const fresh = lastSeen[index] < 0 || step - lastSeen[index] > 2 * window;
      lastSeen[index] = step;
      if (fresh) events.push(asStored({ ...suspicion, step }));
      return { suspicion, fresh };
    },
    wentBack(from, to, state) {
      restoreSeen(state);
      // Steps come again after a roll-back: an earlier one from the same step stays.
      const last = events.at(-1);
      const isNoted = last?.step === from.step && last.backTo === undefined;
      events = [...(isNoted ? events.slice(0, -1) : events), asStored({ ...from, backTo: to })];
    },
    state: () => ({
      'guard/seen': int32([seen, ...lastSeen]),
      'guard/first': table(first.map(fromSignals), SIGNALS.length),
      'guard/last': table(last.map(fromSignals), SIGNALS.length),
      'guard/means': float32([...means]),
      'guard/events': table(events.map(fromEvent), EVENT_VALUES),
    }),
    restore(state) {
      // The checkpoint of a run without a guard.
      if (!state['guard/seen']) return;
      restoreSeen(state);
      events = rowsOf(state, 'guard/events').map(toEvent);
    },
  };
}

const mean = (rows: readonly Signals[], signal: keyof Signals): number =>
  rows.reduce((sum, row) => sum + row[signal], 0) / rows.length;

/** As a checkpoint holds them, so that a resumed run judges alike; NaN, which is below and above nothing, where there is none. */
const signalsOf = (metrics: StepMetrics): Signals =>
  toSignals(SIGNALS.map((name) => Math.fround(metrics[name] ?? Number.NaN)));
const fromSignals = (signals: Signals): number[] => SIGNALS.map((name) => signals[name]);
const toSignals = (row: readonly number[]): Signals =>
  Object.fromEntries(SIGNALS.map((name, i) => [name, row[i]])) as Signals;

const EVENT_VALUES = 5;
const fromEvent = ({ step, cause, value, limit, backTo = -1 }: CollapseEvent): number[] => [
  step,
  CAUSES.indexOf(cause),
  value,
  limit,
  backTo,
];
const toEvent = ([step, cause, value, limit, backTo]: readonly number[]): CollapseEvent => ({
  step,
  cause: CAUSES[cause],
  value,
  limit,
  ...(backTo >= 0 ? { backTo } : {}),
});
const asStored = (event: CollapseEvent): CollapseEvent => toEvent(fromEvent(event).map(Math.fround));

const table = (rows: readonly number[][], columns: number) => float32(rows.flat(), [rows.length, columns]);

function rowsOf(state: HostState, name: string): number[][] {
  const { shape, data } = state[name];
  return Array.from({ length: shape[0] }, (_, row) => [
    ...(data as Float32Array).subarray(row * shape[1], (row + 1) * shape[1]),
  ]);
}
