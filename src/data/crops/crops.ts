import { frameLength } from '../../audio/features/fbank-options.js';
import type { FeatureDefinition } from '../../audio/features/feature-definition.js';
import { UserError } from '../../errors.js';
import type { Rng } from '../../random.js';
import { valuesOfSamples } from '../shards/kind.js';

/** The crops of each utterance: their number and their length in samples, by kind. */
export interface CropPlan {
  count: { global: number; local: number };
  samples: { global: number; local: number };
  /** Crops of one utterance do not overlap where its length allows it. Default: false. */
  disjoint?: boolean;
  /** The definition of the features that crops are cut from, where these are stored. Default: crops are samples. */
  stored?: FeatureDefinition;
}

/** Throws a UserError unless the plan has at least one global crop and whole, positive lengths. */
export function checkPlan({ count, samples, stored }: CropPlan): void {
  const whole = (value: number, least: number) => Number.isInteger(value) && value >= least;
  if (!whole(count.global, 1) || !whole(count.local, 0))
    throw new UserError(
      `Crops: ${count.global} global and ${count.local} local were requested; give at least 1 and 0.`,
    );
  if (!whole(samples.global, 1) || (count.local > 0 && !whole(samples.local, 1)))
    throw new UserError(
      `Crops of ${samples.global} and ${samples.local} samples were requested; give whole, positive lengths.`,
    );
  const shortest = count.local > 0 ? Math.min(samples.global, samples.local) : samples.global;
  if (stored && shortest < frameLength(stored))
    throw new UserError(
      `Crops of ${shortest} samples hold no frame of the stored features, which takes ${frameLength(stored)}.`,
    );
}

/** Values of a row that holds a crop of so many samples: samples, or frames times bins. */
export const rowValues = ({ stored }: CropPlan, samples: number): number => valuesOfSamples(samples, stored);

/** The lengths of an utterance's crops in samples: the global ones, then the local ones. */
export const cropLengths = ({ count, samples }: CropPlan): number[] => [
  ...new Array<number>(count.global).fill(samples.global),
  ...new Array<number>(count.local).fill(samples.local),
];

/**
 * Draws where the crops of an utterance of `utteranceSamples` start: global crops, then local ones.
 * Each start is uniform over the places where the crop fits, independent of the others; 0 where the utterance is
 * shorter (it is tiled then, see `tile`). A disjoint plan spreads all crops without overlap if they fit, else each
 * kind by itself if that fits, else draws them independently.
 */
export function cropStarts(utteranceSamples: number, plan: CropPlan, rng: Rng): number[] {
  const lengths = cropLengths(plan);
  if (!plan.disjoint) return independent(utteranceSamples, lengths, rng);
  if (fits(utteranceSamples, lengths)) return spread(utteranceSamples, lengths, rng);
  return [lengths.slice(0, plan.count.global), lengths.slice(plan.count.global)].flatMap((kind) =>
    fits(utteranceSamples, kind) ? spread(utteranceSamples, kind, rng) : independent(utteranceSamples, kind, rng),
  );
}

/** Repeats the first `filled` values until the row is full, as WeSpeaker does with utterances shorter than a crop. */
export function tile(row: Int16Array | Float32Array, filled: number): void {
  for (let at = filled; at < row.length; at *= 2) row.copyWithin(at, 0, at);
}

/** A sentence when every utterance is shorter than a crop of the plan; undefined otherwise. */
export function tilingNote(utteranceSamples: Int32Array, plan: CropPlan): string | undefined {
  const longest = utteranceSamples.reduce((most, samples) => Math.max(most, samples), 0);
  const length = Math.max(...cropLengths(plan));
  if (longest >= length) return undefined;
  return `every utterance is shorter than a crop: the longest has ${longest} of ${length} samples, and is repeated to fill it`;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const fits = (utteranceSamples: number, lengths: readonly number[]): boolean => sum(lengths) <= utteranceSamples;

const independent = (utteranceSamples: number, lengths: readonly number[], rng: Rng): number[] =>
  lengths.map((length) => rng.int(Math.max(0, utteranceSamples - length) + 1));

/** Crops in random order; the samples that are left over become gaps, cut at uniform points. */
function spread(utteranceSamples: number, lengths: readonly number[], rng: Rng): number[] {
  const slack = utteranceSamples - sum(lengths);
  const gapEnds = lengths.map(() => rng.int(slack + 1)).sort((a, b) => a - b);
  const order = rng.shuffle(lengths.map((_, crop) => crop));
  const starts = lengths.map(() => 0);
  let taken = 0;
  order.forEach((crop, place) => {
    starts[crop] = gapEnds[place] + taken;
    taken += lengths[crop];
  });
  return starts;
}
