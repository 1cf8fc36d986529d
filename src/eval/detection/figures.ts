import { z } from 'zod';
import { cllr } from './cllr.js';
import { actDcf, type CostOptions, hullDcf } from './dcf.js';
import { type EerRule, equalError } from './eer.js';
import { hullEer, minCllr, type RocHull } from './roc-hull.js';
import type { SortedScores } from './sorted-scores.js';

/** The inputs of every figure. */
export interface Measured {
  scores: SortedScores;
  /** Of these scores: one pass serves every figure that needs it. */
  hull: RocHull;
  /** Of the headline EER. */
  rule: EerRule;
  /** Target priors of the detection costs. */
  priors: readonly number[];
  costs: Required<CostOptions>;
}

const byPrior = z.record(z.string(), z.number());

/** An error rate, a fraction. */
const rate = (label: string, of: (measured: Measured) => number) => ({
  kind: 'rate' as const,
  schema: z.number().nullish(),
  label,
  of,
});

/** A detection cost, by target prior. */
const cost = (label: string, at: (measured: Measured, prior: number) => number) => ({
  kind: 'cost' as const,
  schema: byPrior.nullish(),
  label,
  of: (measured: Measured): Record<string, number> =>
    Object.fromEntries(measured.priors.map((prior) => [String(prior), at(measured, prior)])),
});

/** An amount of information, in bits. */
const bits = (label: string, of: (measured: Measured) => number) => ({
  kind: 'bits' as const,
  schema: z.number().nullish(),
  label,
  of,
});

/** A figure that takes scores for natural-log likelihood ratios; in results it is null where they are not calibrated. */
const ofCalibrated = <F>(figure: F) => ({ ...figure, isOfCalibrated: true as const });

/**
 * The figures of scored trials, in the order of results.json. A metric is added here: results.json, the report and `voxloop metrics`
 * show whatever this table holds.
 */
export const FIGURES = {
  eer: { ...rate('EER', ({ scores, rule, hull }) => equalError(scores, rule, hull).eer), schema: z.number() },
  eerConvexHull: rate('EER (ROCCH)', ({ hull }) => hullEer(hull)),
  minDcf: cost('minDCF', ({ hull, costs }, prior) => hullDcf(hull, prior, costs).cost),
  minCllr: bits('min Cllr', ({ hull }) => minCllr(hull)),
  actDcf: ofCalibrated(cost('actDCF', ({ scores, costs }, prior) => actDcf(scores, prior, costs))),
  cllr: ofCalibrated(bits('Cllr', ({ scores }) => cllr(scores))),
};

type Table = typeof FIGURES;
type Name = keyof Table;
type NameOfKind<K> = { [N in Name]: Table[N]['kind'] extends K ? N : never }[Name];
type NameOfCalibrated = { [N in Name]: Table[N] extends { isOfCalibrated: true } ? N : never }[Name];

export type CostName = NameOfKind<'cost'>;

/** A value of each figure. */
export type Figures = { [N in Name]: ReturnType<Table[N]['of']> };

const entries = Object.entries(FIGURES) as [Name, Table[Name]][];

/** Names and labels of the figures of a kind, in the table's order. */
export function figuresOfKind<K extends Table[Name]['kind']>(kind: K): { name: NameOfKind<K>; label: string }[] {
  const chosen = entries.filter(([, figure]) => figure.kind === kind);
  return chosen.map(([name, { label }]) => ({ name: name as NameOfKind<K>, label }));
}

/** Computes every figure. */
export const computeFigures = (measured: Measured): Figures =>
  Object.fromEntries(entries.map(([name, { of }]) => [name, of(measured)])) as unknown as Figures;

/** Replaces the figures that mean nothing where scores are not calibrated. */
export const UNCALIBRATED = Object.fromEntries(
  entries.flatMap(([name, figure]) => ('isOfCalibrated' in figure ? [[name, null]] : [])),
) as Record<NameOfCalibrated, null>;

const schemas = Object.fromEntries(entries.map(([name, { schema }]) => [name, schema])) as {
  [N in Name]: Table[N]['schema'];
};
const bounds = z.tuple([z.number(), z.number()]);

/**
 * The figures of one system on one trial list under one scoring rule, as in results.json: rates are fractions, costs normalised and by
 * target prior, Cllr in bits. A user's stage may leave out all but the EER.
 */
export const listFigures = z.object({
  ...schemas,
  /** 95 % intervals over resampled speakers; null where the speakers are not known, or fewer than three. */
  interval: z.object({ eer: bounds, minDcf: z.record(z.string(), bounds).optional() }).nullish(),
  trials: z.number().optional(),
  targets: z.number().optional(),
});
export type ListFigures = z.output<typeof listFigures>;

/** Error rates of the trials of one group; the EER is null where one kind of trial is missing. */
export const groupFigures = z.object({ trials: z.number(), targets: z.number(), eer: z.number().nullable() });
export type GroupFigures = z.output<typeof groupFigures>;

/** The headline figures of a list, its EER by attribute (gender, language, duration) and group, and the figures of every rule. */
export const listResult = listFigures.extend({
  rule: z.string().optional(),
  groups: z.record(z.string(), z.record(z.string(), groupFigures)).optional(),
  byRule: z.record(z.string(), listFigures).optional(),
});
export type ListResult = z.output<typeof listResult>;
