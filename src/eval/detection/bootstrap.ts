import type { Trial } from '../../data/trials.js';
import { userError } from '../../errors.js';
import { createRng, type Rng } from '../../random.js';
import { type CostOptions, detectionCost } from './dcf.js';
import { crossing } from './eer.js';

export interface BootstrapOptions {
  /** Number of resampled speaker sets; default 1000. */
  replicates?: number;
  /** Equal seeds and speakers draw equal sets, so replicates of two systems on the same trials can be compared pair by pair. */
  seed?: number;
}

/** Of two speakers every draw that can be scored holds both, once each: an interval of no width, which would pass for certainty. */
const LEAST_SPEAKERS = 3;

/** Operating points whose minimum detection cost is resampled. */
export interface CostPoint extends CostOptions {
  /** Probability of a target trial, in (0, 1). */
  prior: number;
}

/** Error rates of resampled sets of speakers. */
export interface ErrorReplicates {
  /** [replicates] fractions, `interpolated`. */
  eer: Float64Array;
  /** [points][replicates] */
  minDcf: Float64Array[];
}

/** Trials by the speakers of their two sides. */
export interface SpeakerTrials {
  /** [trials] */
  isTarget: ArrayLike<number | boolean>;
  /** [trials] the speaker of either side, from 0 */
  first: Int32Array;
  second: Int32Array;
  speakers: number;
}

interface RankedTrials {
  /** [trials] speaker of either side, in ascending order of score. */
  first: Int32Array;
  second: Int32Array;
  isTarget: Uint8Array;
  /** 1 where a threshold fits after the trial: the next score is higher, or there is none. */
  isLast: Uint8Array;
  speakers: number;
}

/**
 * Error rates under resampled speakers. Trials that share a speaker are not independent, so speakers are drawn with replacement, not
 * trials: Bolle, Ratha and Pankanti, "Error analysis of pattern recognition systems: the subsets bootstrap", CVIU 2004; Poh and
 * Bengio, "Performance generalization in biometric authentication using joint user-specific and sample bootstraps", TPAMI 2007.
 * A trial between two speakers weighs the product of their counts, as every copy of one meets every copy of the other (the vertex
 * bootstrap of Snijders and Borgatti, "Non-parametric standard errors and tests for network statistics", Connections 1999); a trial
 * within one speaker weighs that speaker's count, as copies are not paired with each other. A draw without targets or without
 * nontargets is repeated.
 * @param scores [trials], not NaN
 * @returns null when the trials hold fewer than three speakers: of two, only one draw has targets and nontargets
 */
export function errorReplicates(
  scores: ArrayLike<number>,
  trials: SpeakerTrials,
  { replicates = 1000, seed = 0 }: BootstrapOptions = {},
  points: readonly CostPoint[] = [],
): ErrorReplicates | null {
  if (trials.speakers < LEAST_SPEAKERS) return null;
  const ranked = rank(scores, trials);
  const rng = createRng(seed).fork('bootstrap');
  const eer = new Float64Array(replicates);
  const minDcf = points.map(() => new Float64Array(replicates));
  for (let i = 0; i < replicates; i++) {
    let drawn: WeightedErrors | null = null;
    while (!drawn) drawn = weightedErrors(ranked, drawCounts(trials.speakers, rng), points);
    eer[i] = drawn.eer;
    for (const [point, cost] of drawn.costs.entries()) minDcf[point][i] = cost;
  }
  return { eer, minDcf };
}

/** 95 % intervals of error rates; those of the lowest costs by target prior. */
export interface ErrorIntervals {
  eer: [number, number];
  minDcf: Record<string, [number, number]>;
}

/** The intervals of errorReplicates; null where that is. */
export function errorIntervals(
  scores: ArrayLike<number>,
  trials: SpeakerTrials,
  options: BootstrapOptions,
  points: readonly CostPoint[],
): ErrorIntervals | null {
  const replicates = errorReplicates(scores, trials, options, points);
  if (!replicates) return null;
  const costs = points.map(({ prior }, i) => [String(prior), percentileInterval(replicates.minDcf[i])] as const);
  return { eer: percentileInterval(replicates.eer), minDcf: Object.fromEntries(costs) };
}

/** The EERs of errorReplicates. @param speakers speaker by utterance @throws UserError naming an utterance of unknown speaker */
export function eerReplicates(
  scores: ArrayLike<number>,
  trials: readonly Trial[],
  speakers: ReadonlyMap<string, string>,
  options: BootstrapOptions = {},
): Float64Array | null {
  return errorReplicates(scores, speakerTrials(trials, speakers), options)?.eer ?? null;
}

/** Numbers the speakers of trials by their first mention. @throws UserError naming an utterance whose speaker is unknown */
export function speakerTrials(trials: readonly Trial[], speakers: ReadonlyMap<string, string>): SpeakerTrials {
  const speakerOf = (utterance: string) =>
    speakers.get(utterance) ?? userError(`The speaker of ${utterance} is not known: no interval by speaker.`);
  const numbered = numberSpeakers(
    trials.length,
    (i) => speakerOf(trials[i].enrolment),
    (i) => speakerOf(trials[i].test),
  );
  return { isTarget: Uint8Array.from(trials, ({ target }) => Number(target)), ...numbered };
}

/** Numbers speakers from 0: those of the first sides in their order, then those of the second sides. */
export function numberSpeakers(
  trials: number,
  firstOf: (trial: number) => string,
  secondOf: (trial: number) => string,
): Omit<SpeakerTrials, 'isTarget'> {
  const numbers = new Map<string, number>();
  const numberOf = (speaker: string) => {
    const known = numbers.get(speaker);
    if (known === undefined) numbers.set(speaker, numbers.size);
    return known ?? numbers.size - 1;
  };
  const first = Int32Array.from({ length: trials }, (_, i) => numberOf(firstOf(i)));
  const second = Int32Array.from({ length: trials }, (_, i) => numberOf(secondOf(i)));
  return { first, second, speakers: numbers.size };
}

/** Counts of each of n speakers in n draws with replacement. */
export function drawCounts(n: number, rng: Rng): Int32Array {
  const counts = new Int32Array(n);
  for (let i = 0; i < n; i++) counts[rng.int(n)]++;
  return counts;
}

/** The central interval that holds a share of the values (percentile method), e.g. of replicates. */
export function percentileInterval(values: Float64Array, share = 0.95): [number, number] {
  const sorted = Float64Array.from(values).sort();
  return [quantile(sorted, (1 - share) / 2), quantile(sorted, (1 + share) / 2)];
}

function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** Sorts once; every replicate reuses the order. */
function rank(scores: ArrayLike<number>, { isTarget, first, second, speakers }: SpeakerTrials): RankedTrials {
  const order = Uint32Array.from(first, (_, i) => i).sort((a, b) => scores[a] - scores[b]);
  return {
    first: Int32Array.from(order, (i) => first[i]),
    second: Int32Array.from(order, (i) => second[i]),
    isTarget: Uint8Array.from(order, (i) => Number(isTarget[i])),
    isLast: Uint8Array.from(order, (i, at) => Number(at + 1 === order.length || scores[order[at + 1]] !== scores[i])),
    speakers,
  };
}

interface WeightedErrors {
  eer: number;
  /** [points] lowest costs. */
  costs: number[];
}

/** equalError's and minDcf's rules with weighted trials; null when one kind of trial has no weight. */
function weightedErrors(
  { first, second, isTarget, isLast }: RankedTrials,
  counts: Int32Array,
  points: readonly CostPoint[],
): WeightedErrors | null {
  const weigh = (i: number) => (first[i] === second[i] ? counts[first[i]] : counts[first[i]] * counts[second[i]]);
  const totals = [0, 0];
  for (let i = 0; i < first.length; i++) totals[isTarget[i]] += weigh(i);
  const [nontargets, targets] = totals;
  if (targets === 0 || nontargets === 0) return null;
  const costOf = points.map(({ prior, ...options }) =>
    detectionCost({ misses: targets, falseAlarms: nontargets }, prior, options),
  );
  const costs = costOf.map((cost) => cost({ misses: 0, falseAlarms: nontargets }));
  let eer = Number.NaN;
  let [misses, falseAlarms, lastMiss, lastFalseAlarm] = [0, nontargets, 0, 1];
  for (let i = 0; i < first.length; i++) {
    if (isTarget[i]) misses += weigh(i);
    else falseAlarms -= weigh(i);
    if (!isLast[i]) continue;
    for (let point = 0; point < costs.length; point++) {
      costs[point] = Math.min(costs[point], costOf[point]({ misses, falseAlarms }));
    }
    if (!Number.isNaN(eer)) continue;
    const miss = misses / targets;
    const falseAlarm = falseAlarms / nontargets;
    if (misses * nontargets >= falseAlarms * targets) {
      eer = crossing(lastMiss, lastFalseAlarm, miss, falseAlarm);
      if (costs.length === 0) break;
    }
    [lastMiss, lastFalseAlarm] = [miss, falseAlarm];
  }
  return { eer, costs };
}
