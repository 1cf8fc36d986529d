import { KEPT, UNSEEN } from './gate-keeper.js';

/** Outcome of a gate for the utterances that training met, as shares; null where there was none. */
export interface GateShares {
  kept: number | null;
  corrected: number | null;
}

/** Precision and recall against true speakers; for measurement only. */
export interface GateQuality {
  /** Share of right labels among those that were kept. */
  gatePrecision: number | null;
  /** Share of kept labels among the right ones. */
  gateRecall: number | null;
  /** Share of right labels among those that replaced others. */
  correctionPrecision: number | null;
}

/** Shares of decisions: KEPT, REJECTED, UNSEEN or the label that replaced the given one. */
export function gateShares(decisions: Int32Array): GateShares {
  const met = count(decisions, (decision) => decision !== UNSEEN);
  return {
    kept: share(
      count(decisions, (decision) => decision === KEPT),
      met,
    ),
    corrected: share(
      count(decisions, (decision) => decision >= 0),
      met,
    ),
  };
}

/**
 * Precision and recall of decisions. A label is right when its utterance is spoken by the majority speaker of all utterances with that
 * label. `labels` and `speakers` [utterances]; utterances without a label (-1) or not met are left out.
 */
export function gateQuality(decisions: Int32Array, labels: Int32Array, speakers: readonly string[]): GateQuality {
  const majority = majorities(labels, speakers);
  const right = (label: number, i: number) => majority.get(label) === speakers[i];
  const clean = (_: number, i: number) => right(labels[i], i);
  const kept = (decision: number) => decision === KEPT;
  const corrected = (decision: number) => decision >= 0;
  const both = count(decisions, (decision, i) => kept(decision) && clean(decision, i));
  return {
    gatePrecision: share(both, count(decisions, kept)),
    gateRecall: share(
      both,
      count(decisions, (decision, i) => decision !== UNSEEN && clean(decision, i)),
    ),
    correctionPrecision: share(
      count(decisions, (decision, i) => corrected(decision) && right(decision, i)),
      count(decisions, corrected),
    ),
  };
}

/** The most frequent speaker of each label; of several, the first in the alphabet. */
function majorities(labels: Int32Array, speakers: readonly string[]): Map<number, string> {
  const tallies = new Map<number, Map<string, number>>();
  labels.forEach((label, i) => {
    if (label < 0) return;
    const tally = tallies.get(label) ?? new Map<string, number>();
    tally.set(speakers[i], (tally.get(speakers[i]) ?? 0) + 1);
    tallies.set(label, tally);
  });
  const first = (tally: Map<string, number>) =>
    [...tally].reduce((best, next) =>
      next[1] > best[1] || (next[1] === best[1] && next[0] < best[0]) ? next : best,
    )[0];
  return new Map([...tallies].map(([label, tally]) => [label, first(tally)]));
}

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

const count = (values: Int32Array, test: (value: number, i: number) => boolean): number =>
  values.reduce((sum, value, i) => sum + (test(value, i) ? 1 : 0), 0);
