import type { Decisions, SortedScores } from './sorted-scores.js';

/** The operating point at which the next higher score is rejected too, with all trials of that score; itself at "reject all". */
export function stepUp({ targets, nontargets }: SortedScores, { misses, falseAlarms }: Decisions): Decisions {
  let t = misses;
  let n = nontargets.length - falseAlarms;
  const score = Math.min(targets[t] ?? Number.POSITIVE_INFINITY, nontargets[n] ?? Number.POSITIVE_INFINITY);
  while (targets[t] === score) t++;
  while (nontargets[n] === score) n++;
  return { misses: t, falseAlarms: nontargets.length - n };
}

/** The operating point at which the highest rejected score is accepted again; itself at "accept all". */
export function stepDown(scores: SortedScores, point: Decisions): Decisions {
  const { targets, nontargets } = scores;
  const score = highestRejected(scores, point);
  let t = point.misses;
  let n = nontargets.length - point.falseAlarms;
  while (t > 0 && targets[t - 1] === score) t--;
  while (n > 0 && nontargets[n - 1] === score) n--;
  return { misses: t, falseAlarms: nontargets.length - n };
}

/** The highest score that an operating point rejects; -Infinity where everything is accepted. */
export function highestRejected({ targets, nontargets }: SortedScores, { misses, falseAlarms }: Decisions): number {
  const n = nontargets.length - falseAlarms;
  return Math.max(
    misses > 0 ? targets[misses - 1] : Number.NEGATIVE_INFINITY,
    n > 0 ? nontargets[n - 1] : Number.NEGATIVE_INFINITY,
  );
}

/**
 * The first operating point, from this one on in the direction of `step`, that scikit-learn's roc_curve keeps by default: it drops
 * points whose step to either neighbour is the same, but never the first and last two at the ends of the thresholds.
 */
export function nextCorner(scores: SortedScores, from: Decisions, step: typeof stepUp): Decisions {
  let point = from;
  while (!isCorner(scores, point)) point = step(scores, point);
  return point;
}

function isCorner(scores: SortedScores, point: Decisions): boolean {
  const { misses, falseAlarms } = point;
  const [up, down] = [stepUp(scores, point), stepDown(scores, point)];
  const isLast = up.misses === scores.targets.length && up.falseAlarms === 0;
  const isFirst = misses === 0 && falseAlarms === scores.nontargets.length;
  if (isLast || isFirst) return true;
  return up.misses - misses !== misses - down.misses || up.falseAlarms - falseAlarms !== falseAlarms - down.falseAlarms;
}
