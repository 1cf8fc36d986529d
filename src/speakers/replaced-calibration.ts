import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { type Calibration, calibrationFileOf, readCalibration } from './calibration.js';
import { ENOUGH } from './calibration-warnings.js';

/**
 * What the calibration in a model's folder rests on, which a new one is to take the place of; null where there is none.
 * @param few true lets one take its place that rests on too few trials
 * @throws UserError where the new one rests on fewer than 30 trials of either kind
 */
export function replacedCalibration(dir: string, value: Calibration, { few = false } = {}): string | null {
  const path = join(dir, calibrationFileOf(value.enrolledBy));
  if (!existsSync(path)) return null;
  const earlier = earlierOf(dir, value);
  const { targets, nontargets } = value.measuredOn;
  if (Math.min(targets, nontargets) < ENOUGH && !few)
    throw new UserError(
      `${path} was left as it is (${earlier}): the new calibration would rest on ${trialsOf(value)}, and ${ENOUGH} of each are ` +
        'the least to go by. Give more trials, or use --few to replace it all the same.',
    );
  return earlier;
}

const trialsOf = ({ measuredOn: { targets, nontargets } }: Calibration) =>
  `${targets} target and ${nontargets} nontarget trials`;

function earlierOf(dir: string, value: Calibration): string {
  try {
    const earlier = readCalibration(dir, value.model, value.enrolledBy)!;
    return `on ${earlier.measuredOn.source}, ${trialsOf(earlier)}`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return 'one that cannot be used with this model';
  }
}
