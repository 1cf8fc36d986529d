import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { messageOf, UserError } from '../../errors.js';
import type { MetricsLine } from '../metrics-log.js';

/** What is followed, where a method logs it. */
export const SIGNALS = ['loss', 'embeddingStd', 'effectiveRank', 'teacherEntropy', 'studentEntropy'] as const;
type Signal = (typeof SIGNALS)[number];

const numbers = z.array(z.number());
const rates = z.strictObject({ trained: numbers, untrained: numbers });

const schema = z.strictObject({
  /** The recipe that was run, and its seeds. */
  recipe: z.string(),
  seeds: numbers,
  steps: z.number(),
  /** Steps done at the end of each stretch. */
  ends: numbers,
  /** Means over each stretch: median, lowest and highest of the seeds. */
  signals: z.partialRecord(z.enum(SIGNALS), z.strictObject({ median: numbers, low: numbers, high: numbers })),
  /** Final equal error rates by trial list, a seed each. */
  eer: z.record(z.string(), rates),
});

/** How a recipe's training went with several seeds. */
export type ReferenceCurve = z.output<typeof schema>;

/** Where a reference lies: a bare name means one that comes with voxloop; this file is compiled to dist/src/train. */
export const referencePath = (name: string): string =>
  /^[a-z0-9-]+$/.test(name)
    ? fileURLToPath(new URL(`../../../../configs/reference/${name}.json`, import.meta.url))
    : name;

/** A sentence when there is no such reference. */
export function referenceFault(name: string): string | undefined {
  if (existsSync(referencePath(name))) return undefined;
  return `reference: ${referencePath(name)} does not exist; name a recipe of configs/small or a file, or leave the option out.`;
}

/** Reads a reference by name or path. Throws a UserError when there is none, or none that can be read. */
export function readReference(name: string): ReferenceCurve {
  const fault = referenceFault(name);
  if (fault) throw new UserError(fault);
  try {
    return schema.parse(JSON.parse(readFileSync(referencePath(name), 'utf8')));
  } catch (error) {
    throw new UserError(`${referencePath(name)} is no reference curve: ${messageOf(error)}`);
  }
}

/** Stretches a run is cut into, for means that a single step's noise does not move. */
const STRETCHES = 50;

/** Steps done at the end of each of the stretches of a run. */
export const stretchEnds = (steps: number, count = STRETCHES): number[] => [
  ...new Set(Array.from({ length: count }, (_, i) => Math.round(((i + 1) * steps) / count)).filter((end) => end > 0)),
];

/** Mean of a signal over each stretch; NaN where a stretch has no line with it. */
export function stretchMeans(lines: readonly MetricsLine[], ends: readonly number[], signal: Signal): number[] {
  return ends.map((end, i) => {
    const values = lines.filter(({ step }) => step >= (ends[i - 1] ?? 0) && step < end).map((line) => line[signal]);
    const known = values.filter((value) => value !== undefined);
    return known.reduce((sum, value) => sum + value, 0) / known.length;
  });
}

/** The reference of runs of one recipe, whose lines are given seed by seed. */
export function makeReference(
  runs: readonly MetricsLine[][],
  about: Pick<ReferenceCurve, 'recipe' | 'seeds' | 'eer'>,
): ReferenceCurve {
  const steps = Math.min(...runs.map((lines) => lines.length));
  const ends = stretchEnds(steps);
  const entries = SIGNALS.flatMap((signal) => {
    const means = runs.map((lines) => stretchMeans(lines, ends, signal));
    if (means.flat().some(Number.isNaN)) return [];
    const sorted = ends.map((_, i) => means.map((run) => rounded(run[i])).sort((a, b) => a - b));
    const [low, high] = [sorted.map((values) => values[0]), sorted.map((values) => values[values.length - 1])];
    return [[signal, { median: sorted.map((values) => values[(values.length - 1) >> 1]), low, high }] as const];
  });
  return { ...about, steps, ends, signals: Object.fromEntries(entries) };
}

const rounded = (value: number): number => Number(value.toPrecision(5));

/** Between the seeds, or no further outside than they lie apart (a twentieth of the median at least). */
const NEAR = 0.05;

/** How a mean compares with the seeds at a stretch. */
export function compare(
  { low, high, median }: { low: number; high: number; median: number },
  value: number,
): 'near' | 'below' | 'above' {
  const slack = Math.max(high - low, NEAR * Math.abs(median));
  if (value < low - slack) return 'below';
  return value > high + slack ? 'above' : 'near';
}
