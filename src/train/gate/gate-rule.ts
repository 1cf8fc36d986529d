import type { GateDecision } from './gate-keeper.js';

/** A gate plugin with its options. */
export interface GateRule {
  name: string;
  /** Threshold for the last losses of all utterances, NaN where none is known. */
  threshold(losses: Float32Array): GateDecision;
}

/** If the gate would keep less than this share, it is ignored for the epoch. */
const LEAST_KEPT = 0.01;

/**
 * The decision of a rule about the last losses of all utterances (NaN where none is known) at the start of `epoch`, unless it would leave
 * too little to train on: then every label is believed. Logs one line.
 */
export function checkedDecision(
  rule: GateRule,
  losses: Float32Array,
  epoch: number,
  log: (line: string) => void,
): GateDecision {
  const decision = rule.threshold(losses);
  const { threshold } = decision;
  const known = losses.filter((loss) => !Number.isNaN(loss)).length;
  const kept = losses.filter((loss) => loss <= threshold).length;
  if (kept >= LEAST_KEPT * known && !Number.isNaN(threshold)) {
    const limit = Number.isFinite(threshold) ? ` (loss up to ${threshold.toFixed(3)})` : '';
    log(`epoch ${epoch}: the gate would keep ${kept} of the last ${known} losses${limit}`);
    return decision;
  }
  log(
    `epoch ${epoch}: WARNING: the gate '${rule.name}' keeps ${kept} of ${known} losses (up to ${threshold}), too few to train on; ` +
      'every pseudo-label is believed in this epoch. Raise its threshold, or open it later (gateFromEpoch).',
  );
  return { ...decision, threshold: Number.POSITIVE_INFINITY };
}
