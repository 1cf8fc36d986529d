import type { MetricsLine } from '../metrics-log.js';
import type { StepMetrics } from '../step/step-metrics.js';
import { compare, type ReferenceCurve, type SIGNALS, stretchMeans } from './reference-curve.js';

/** Says how a run compares with its recipe's reference. */
export interface ReferenceWatch {
  /** Looks at a step; at a few of them a line is logged. */
  see(step: number, metrics: StepMetrics): void;
}

/** Shares of the reference's run at which a line is due. */
const MOMENTS = [0.1, 0.25, 0.5, 0.75, 1];

/** `steps`: of the run, which may be others than the reference's: steps are compared by their number. */
export function createReferenceWatch(
  reference: ReferenceCurve,
  { steps, log }: { steps: number; log(line: string): void },
): ReferenceWatch {
  const { ends, signals } = reference;
  const due = new Set(MOMENTS.map((share) => ends[Math.max(Math.round(share * ends.length) - 1, 0)]));
  if (steps > 0 && steps !== reference.steps) {
    log(`reference: ${reference.recipe} ran ${reference.steps} steps, this run ${steps}; schedules differ accordingly`);
  }
  let stretch: StepMetrics[] = [];
  return {
    see(step, metrics) {
      stretch.push(metrics);
      const index = ends.indexOf(step + 1);
      if (index < 0) return;
      const parts = Object.entries(WORDS).flatMap(([signal, word]) => {
        const band = signals[signal as keyof typeof WORDS];
        const value = stretch.reduce((sum, line) => sum + line[signal], 0) / stretch.length;
        if (!band || Number.isNaN(value)) return [];
        const at = { low: band.low[index], high: band.high[index], median: band.median[index] };
        const verdict = compare(at, value);
        const range = `${shown(at.low)} to ${shown(at.high)}`;
        return [`${word} ${shown(value)}, reference ${range}${verdict === 'near' ? '' : `: ${verdict} it`}`];
      });
      stretch = [];
      if (due.has(step + 1) && parts.length > 0) log(`step ${step + 1}: ${parts.join('; ')}`);
    },
  };
}

const WORDS = { loss: 'loss', effectiveRank: 'effective rank' } as const;
const shown = (value: number): string => String(Number(value.toPrecision(3)));

/** For each signal of the reference, how many of the stretches that a run has done come near it. */
export function nearShares(
  lines: readonly MetricsLine[],
  { ends, signals }: ReferenceCurve,
): Record<string, { near: number; of: number }> {
  const last = lines.at(-1)?.step ?? -1;
  const done = ends.filter((end) => end <= last + 1);
  const entries = Object.entries(signals).flatMap(([signal, band]) => {
    const means = stretchMeans(lines, done, signal as (typeof SIGNALS)[number]);
    if (!band || means.length === 0) return [];
    const { low, high, median } = band;
    const near = means.filter(
      (value, i) => compare({ low: low[i], high: high[i], median: median[i] }, value) === 'near',
    );
    return [[signal, { near: near.length, of: means.length }] as const];
  });
  return Object.fromEntries(entries);
}
