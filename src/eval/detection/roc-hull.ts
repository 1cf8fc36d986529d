import type { SortedScores } from './sorted-scores.js';

/**
 * The vertices of the ROC's convex hull, from "accept all" to "reject all": the operating points that are best for some prior and
 * costs. A few hundred for millions of trials. Between neighbours lies one block of the isotonic regression of "is target" on the
 * score (pool adjacent violators), whose share of targets is that block's posterior.
 */
export interface RocHull {
  /** [vertices] rejected targets, ascending from 0 to all. */
  misses: number[];
  /** [vertices] accepted nontargets, descending from all to 0. */
  falseAlarms: number[];
  /** [vertices] the highest rejected score; -Infinity at "accept all". */
  rejected: number[];
}

/**
 * The convex hull by pool adjacent violators in one pass over the sorted scores. Ayer et al., "An empirical distribution function for
 * sampling with incomplete information", Annals of Mathematical Statistics 1955; for detectors Fawcett and Niculescu-Mizil, "PAV and the
 * ROC convex hull", Machine Learning 2007. Trials of equal score share a block.
 */
export function rocHull({ targets, nontargets }: SortedScores): RocHull {
  const hull: RocHull = { misses: [0], falseAlarms: [nontargets.length], rejected: [Number.NEGATIVE_INFINITY] };
  // The last block, which the next score may join: its size in targets and nontargets.
  let [blockT, blockN] = [0, 0];
  let [t, n] = [0, 0];
  let rejected = Number.NEGATIVE_INFINITY;
  while (t < targets.length || n < nontargets.length) {
    const target = t < targets.length ? targets[t] : Number.POSITIVE_INFINITY;
    const nontarget = n < nontargets.length ? nontargets[n] : Number.POSITIVE_INFINITY;
    const score = Math.min(target, nontarget);
    const t0 = t;
    const n0 = n;
    while (t < targets.length && targets[t] === score) t++;
    while (n < nontargets.length && nontargets[n] === score) n++;
    const addT = t - t0;
    const addN = n - n0;
    const ahead = blockT * addN;
    const behind = addT * blockN;
    if (ahead >= behind) {
      blockT += addT;
      blockN += addN;
      if (ahead > behind) poolBack();
    } else {
      pushVertex(hull, t0, nontargets.length - n0, rejected);
      [blockT, blockN] = [addT, addN];
    }
    rejected = score;
  }
  pushVertex(hull, t, 0, rejected);
  return hull;

  /** Merges the last block into the one before while that has no smaller share of targets. */
  function poolBack(): void {
    for (let last = hull.misses.length - 1; last > 0; last--) {
      const beforeT = hull.misses[last] - hull.misses[last - 1];
      const beforeN = hull.falseAlarms[last - 1] - hull.falseAlarms[last];
      if (beforeT * blockN < blockT * beforeN) return;
      blockT += beforeT;
      blockN += beforeN;
      hull.misses.pop();
      hull.falseAlarms.pop();
      hull.rejected.pop();
    }
  }
}

function pushVertex(hull: RocHull, misses: number, falseAlarms: number, rejected: number): void {
  hull.misses.push(misses);
  hull.falseAlarms.push(falseAlarms);
  hull.rejected.push(rejected);
}

/** The EER on the hull: the rate at which it meets miss rate = false-alarm rate; a fraction. */
export function hullEer({ misses, falseAlarms }: RocHull): number {
  const targets = misses.at(-1)!;
  const nontargets = falseAlarms[0];
  const after = misses.findIndex((count, i) => count * nontargets >= falseAlarms[i] * targets);
  const [miss0, miss1] = [misses[after - 1] / targets, misses[after] / targets];
  const [falseAlarm0, falseAlarm1] = [falseAlarms[after - 1] / nontargets, falseAlarms[after] / nontargets];
  const gap = falseAlarm0 - miss0;
  return miss0 + (gap / (gap + miss1 - falseAlarm1)) * (miss1 - miss0);
}

/**
 * Cllr of the best monotone calibration of these scores, in bits (Brümmer and du Preez, see cllr): each block of the isotonic regression
 * gets the log-likelihood ratio of its shares of targets and nontargets. In [0, 1].
 */
export function minCllr({ misses, falseAlarms }: RocHull): number {
  const targets = misses.at(-1)!;
  const nontargets = falseAlarms[0];
  let bits = 0;
  for (let i = 1; i < misses.length; i++) {
    const t = (misses[i] - misses[i - 1]) / targets;
    const n = (falseAlarms[i - 1] - falseAlarms[i]) / nontargets;
    // log2(1 + 1 / ratio) for a target and log2(1 + ratio) for a nontarget, where ratio = t / n.
    if (t > 0) bits += t * Math.log1p(n / t);
    if (n > 0) bits += n * Math.log1p(t / n);
  }
  return bits / (2 * Math.LN2);
}
