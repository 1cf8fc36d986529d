import { type Calibration, FALSE_ACCEPT_RATES } from './calibration.js';

/** Errors that a rate should rest on: its relative error is then about 30 % with 90 % confidence (Doddington's rule of 30). */
export const ENOUGH = 30;

/** Warnings of thresholds that are missing or rest on too few trials, with the number needed: a sentence for each. */
export function calibrationWarnings({ thresholds, measuredOn }: Calibration): string[] {
  const { targets, nontargets } = measuredOn;
  const trials = (count: number, kind: string) => `${count} ${kind} trial${count === 1 ? '' : 's'}`;
  const warnings: string[] = [];
  for (const allowed of FALSE_ACCEPT_RATES) {
    const expected = Math.floor(allowed * nontargets * (1 + 1e-12));
    if (expected >= ENOUGH) continue;
    const rate = `${100 * allowed} % false accepts`;
    const enough = `${Math.ceil((ENOUGH / allowed) * (1 - 1e-12))} make it reliable`;
    const isThere = thresholds.some((point) => point.allowed === allowed);
    warnings.push(
      isThere
        ? `the threshold for ${rate} rests on ${expected} of them, of ${trials(nontargets, 'nontarget')}; ${enough}`
        : `there is no threshold for ${rate}: it takes ${Math.ceil(1 / allowed)} nontarget trials or more, and there ` +
            `${nontargets === 1 ? 'is' : 'are'} ${nontargets}; ${enough}`,
    );
  }
  if (targets < ENOUGH) {
    const fitted = `false rejects and log-likelihood ratios rest on ${trials(targets, 'target')}`;
    warnings.push(`${fitted}; ${ENOUGH} are the least to go by`);
  }
  return warnings;
}
