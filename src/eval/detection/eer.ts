import { highestRejected, nextCorner, stepDown, stepUp } from './roc-corners.js';
import { hullEer, type RocHull, rocHull } from './roc-hull.js';
import { acceptAbove, acceptFrom, type Decisions, firstIndex, type SortedScores, sortScores } from './sorted-scores.js';

/** The point where a detector misses as often as it raises false alarms. */
export interface EqualError {
  /** Fraction in [0, 1]. */
  eer: number;
  /** The highest score that is rejected there; -Infinity where everything is accepted. Trials above it are accepted. */
  threshold: number;
}

/**
 * The meanings of "equal" where no threshold gives equal rates. The operating points are those of thresholds between distinct scores, so
 * the order of tied trials never matters.
 * - `interpolated`: where the line between the two points around the crossing meets miss = false alarm, as in NIST's SRE16 script
 *   (WeSpeaker, 3D-Speaker). All scores equal give 0.5.
 * - `nearest-max`: at the point of least |miss - false alarm|, the larger of the two (sslsv; scikit-learn's roc_curve with
 *   drop_intermediate=False); of two such points the one with the higher threshold.
 * - `nearest-corner`: nearest-max among the points that roc_curve keeps by default, which drops those between equal steps
 *   (voxceleb_trainer, Loss-Gated Learning).
 * - `nearest-mean`: at the point of least |miss - false alarm|, the mean of the two (SpeechBrain); of two such points the one with the
 *   lower threshold.
 * - `convex-hull`: where the ROC's convex hull meets miss = false alarm (Brümmer and de Villiers, "The BOSARIS Toolkit: Theory, Algorithms
 *   and Code for Surviving the New DCF", 2013, arXiv:1304.2865); never above
 *   `interpolated`, and at most 0.5.
 */
export const EER_RULES = ['interpolated', 'nearest-max', 'nearest-corner', 'nearest-mean', 'convex-hull'] as const;
export type EerRule = (typeof EER_RULES)[number];

/**
 * The equal error rate by one of the rules. A few binary searches; the hull takes one pass.
 * @param hull of these scores, where it is at hand
 */
export function equalError(scores: SortedScores, rule: EerRule = 'interpolated', hull?: RocHull): EqualError {
  const around = findCrossing(scores);
  const { before, after } = around;
  switch (rule) {
    case 'interpolated': {
      const [low, high] = [ratesOf(scores, before), ratesOf(scores, after)];
      const eer = crossing(low.miss, low.falseAlarm, high.miss, high.falseAlarm);
      return { eer, threshold: highestRejected(scores, after) };
    }
    case 'nearest-max':
    case 'nearest-mean':
      return nearest(scores, around, rule);
    case 'nearest-corner': {
      const corners = { before: nextCorner(scores, before, stepDown), after: nextCorner(scores, after, stepUp) };
      return nearest(scores, corners, 'nearest-max');
    }
    case 'convex-hull':
      return { eer: hullEer(hull ?? rocHull(scores)), threshold: highestRejected(scores, after) };
  }
}

/** The equal error rate of unsorted scores, a fraction, `interpolated`; see sortScores for the errors. */
export function eerOf(scores: ArrayLike<number>, isTarget: ArrayLike<number | boolean>): number {
  return equalError(sortScores(scores, isTarget)).eer;
}

/** The rate at which misses equal false alarms on the line from (miss0 < falseAlarm0) to (miss1 >= falseAlarm1). */
export function crossing(miss0: number, falseAlarm0: number, miss1: number, falseAlarm1: number): number {
  const before = falseAlarm0 - miss0;
  const after = miss1 - falseAlarm1;
  return miss0 + (before / (before + after)) * (miss1 - miss0);
}

/** The two operating points between which misses become more frequent than false alarms. */
interface Crossing {
  before: Decisions;
  after: Decisions;
}

function findCrossing(scores: SortedScores): Crossing {
  const { targets, nontargets } = scores;
  const crossedAt = (score: number) => {
    const { misses, falseAlarms } = acceptAbove(scores, score);
    return misses * nontargets.length >= falseAlarms * targets.length;
  };
  // At the highest score of all everything is rejected: one of the lists has such a score.
  const first = [targets, nontargets].map(
    (list) => list[firstIndex(list.length, (i) => crossedAt(list[i]))] ?? Number.POSITIVE_INFINITY,
  );
  const score = Math.min(...first);
  return { before: acceptFrom(scores, score), after: acceptAbove(scores, score) };
}

function nearest(scores: SortedScores, { before, after }: Crossing, rule: 'nearest-max' | 'nearest-mean'): EqualError {
  const { targets, nontargets } = scores;
  // In whole trials, so that equally near points are recognised.
  const gapBefore = before.falseAlarms * targets.length - before.misses * nontargets.length;
  const gapAfter = after.misses * nontargets.length - after.falseAlarms * targets.length;
  const point = (rule === 'nearest-max' ? gapAfter <= gapBefore : gapAfter < gapBefore) ? after : before;
  const { miss, falseAlarm } = ratesOf(scores, point);
  const eer = rule === 'nearest-max' ? Math.max(miss, falseAlarm) : (miss + falseAlarm) / 2;
  return { eer, threshold: highestRejected(scores, point) };
}

const ratesOf = ({ targets, nontargets }: SortedScores, { misses, falseAlarms }: Decisions) => ({
  miss: misses / targets.length,
  falseAlarm: falseAlarms / nontargets.length,
});
