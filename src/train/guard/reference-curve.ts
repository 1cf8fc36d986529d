import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { messageOf, UserError } from '../../errors.js';
import type { MetricsLine } from '../metrics-log.js';

/** The metrics of a curve, where a method logs them. */
export const SIGNALS = ['loss', 'embeddingStd', 'effectiveRank', 'teacherEntropy', 'studentEntropy'] as const;
type Signal = (typeof SIGNALS)[number];

const numbers = z.array(z.number());
const rates = z.strictObject({ trained: numbers, untrained: numbers });

const schema = z.strictObject({
  /** The recipe, and the seeds of its runs. */
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

/** The course of a recipe's training with several seeds. */
export type ReferenceCurve = z.output<typeof schema>;

/** Path of a reference: a bare name means one that comes with voxloop; this file is compiled to dist/src/train/guard. */
export const referencePath = (name: string): string =>
  /^[a-z0-9-]+$/.test(name)
    ? fileURLToPath(new URL(`../../../../configs/reference/${name}.json`, import.meta.url))
    : name;

/** A sentence when there is no such reference. */
export function referenceFault(name: string): string | undefined {
  if (existsSync(referencePath(name))) return undefined;
  return `reference: ${referencePath(name)} does not exist. Name a recipe of configs/small or a file, or leave the option out.`;
}

/** Reads a reference by name or path. Throws a UserError when there is none, or none that can be read. */
export function readReference(name: string): ReferenceCurve {
  const fault = referenceFault(name);
  if (fault) throw new UserError(fault);
  try {
    return schema.parse(JSON.parse(readFileSync(referencePath(name), 'utf8')));
  } catch (error) {
    throw new UserError(`${referencePath(name)} is not a reference curve: ${messageOf(error)}`);
  }
}

/** Number of stretches that a run is cut into, for means that a single step's noise does not move. */
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

/** The reference of one recipe, from the metrics of its runs, one list of lines a seed. */
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

/** A value is near when it lies between the seeds, or no further outside than they lie apart; at least this share of the median. */
const NEAR = 0.05;

/** Compares a mean with those of the seeds at a stretch. */
export function compare(
  { low, high, median }: { low: number; high: number; median: number },
  value: number,
): 'near' | 'below' | 'above' {
  const slack = Math.max(high - low, NEAR * Math.abs(median));
  if (value < low - slack) return 'below';
  return value > high + slack ? 'above' : 'near';
}
