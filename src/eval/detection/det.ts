import { probit } from './probit.js';
import { acceptAbove, type Decisions, firstIndex, type SortedScores } from './sorted-scores.js';

/** One operating point, fractions in [0, 1]. */
export interface DetPoint {
  falseAlarm: number;
  miss: number;
}

/** The corner of the plot: rates below this are drawn at its edge, on probit axes. */
const LOWEST_RATE = 1e-4;

/**
 * The detection error trade-off curve (Martin et al., "The DET curve in assessment of detection task performance",
 * Eurospeech 1997), from "accept all" to "reject all", thinned for drawing: a point is kept
 * once it lies a visible distance from the last one on probit axes, so a curve of millions of trials takes a few hundred points,
 * each found by binary search.
 * @param resolution visible distance as a share of the axes' length
 */
export function detCurve(scores: SortedScores, resolution = 1 / 300): DetPoint[] {
  const [targets, nontargets] = [scores.targets.length, scores.nontargets.length];
  const step = resolution * 2 * -probit(LOWEST_RATE);
  const points: Decisions[] = [];
  let next: Decisions | undefined = { misses: 0, falseAlarms: nontargets };
  while (next) {
    points.push(next);
    next = visiblyOn(scores, next, step);
  }
  const last = points.at(-1)!;
  if (last.misses < targets || last.falseAlarms > 0) points.push({ misses: targets, falseAlarms: 0 });
  return points.map(({ misses, falseAlarms }) => ({ falseAlarm: falseAlarms / nontargets, miss: misses / targets }));
}

/** The next operating point at a visible distance from this one; undefined where the curve ends before it. */
function visiblyOn(scores: SortedScores, from: Decisions, step: number): Decisions | undefined {
  const { targets, nontargets } = scores;
  const axis = (count: number, all: number) => probit(clampRate(count / all));
  const leastMiss = axis(from.misses, targets.length) + step;
  const mostFalseAlarm = axis(from.falseAlarms, nontargets.length) - step;
  const misses = firstIndex(targets.length + 1, (count) => axis(count, targets.length) >= leastMiss);
  const rejected = firstIndex(
    nontargets.length + 1,
    (count) => axis(nontargets.length - count, nontargets.length) <= mostFalseAlarm,
  );
  const reach = [targets[misses - 1], nontargets[rejected - 1]].filter((score) => score !== undefined);
  return reach.length > 0 ? acceptAbove(scores, Math.min(...reach)) : undefined;
}

/** A rate moved into the range that DET axes can show. */
export function clampRate(rate: number): number {
  return Math.min(1 - LOWEST_RATE, Math.max(LOWEST_RATE, rate));
}
