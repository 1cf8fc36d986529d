import { join } from 'node:path';
import { type MetricsLine, readMetrics } from '../metrics-log.js';
import type { RunPosition } from '../step/ssl-method.js';
import type { StepMetrics } from '../step/training-step.js';
import { compare, type ReferenceCurve, readReference, type SIGNALS, stretchMeans } from './reference-curve.js';

/** Compares a training in the folder `dir` with a reference curve: lines in the log on the way, and shares at the end. */
export function openReference(name: string, { dir, log }: { dir: string; log(line: string): void }) {
  const reference = readReference(name);
  let watch: ReferenceWatch | undefined;
  return {
    see({ step, steps }: RunPosition, metrics: StepMetrics): void {
      watch ??= createReferenceWatch(reference, { steps, log });
      watch.see(step, metrics);
    },
    result() {
      const near = nearShares(readMetrics(join(dir, 'metrics.jsonl')), reference);
      const texts = Object.entries(near).map(([signal, { near, of }]) => `${signal} ${near} of ${of}`);
      if (texts.length > 0) log(`near the reference's ${reference.seeds.length} seeds: ${texts.join(', ')} stretches`);
      return { name, near };
    },
  };
}

/** Compares a run with its recipe's reference. */
export interface ReferenceWatch {
  /** Looks at a step; at a few of them a line is logged. */
  see(step: number, metrics: StepMetrics): void;
}

/** Shares of the reference's run after which a line is logged. */
const REPORTED = [0.1, 0.25, 0.5, 0.75, 1];

/** `steps`: of the run, which may be others than the reference's: steps are compared by their number. */
export function createReferenceWatch(
  reference: ReferenceCurve,
  { steps, log }: { steps: number; log(line: string): void },
): ReferenceWatch {
  const { ends, signals } = reference;
  const due = new Set(REPORTED.map((share) => ends[Math.max(Math.round(share * ends.length) - 1, 0)]));
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

/** For each signal of the reference, the number of stretches in which a run came near it, of those done. */
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
