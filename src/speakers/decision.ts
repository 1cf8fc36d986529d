import { UserError } from '../errors.js';
import type { Calibration } from './calibration.js';

/** The score above which two recordings count as one speaker, and its origin. */
export interface Threshold {
  value: number;
  /** For people. */
  basis: string;
  /** True when it was measured with this model. */
  calibrated: boolean;
}

/** The threshold to decide by, or the rate of false accepts to take it from, as a fraction. */
export interface ThresholdChoice {
  threshold?: number;
  falseAccepts?: number;
}

/** What a decision about a recording rests on. */
export interface DecisionOptions extends ThresholdChoice {
  /** With less speech than this nothing is decided. Default: LEAST_SPEECH_SECONDS. */
  leastSpeechSeconds?: number;
}

const DEFAULT_RATE = 0.01;

/** What to do where nothing was decided. */
export const UNDECIDED =
  'no yes or no, for the model has no calibration: make one with `voxloop calibrate`, or choose a threshold with --threshold';

/**
 * The threshold asked for; else the calibration's at one false accept in a hundred, or at the equal error rate where its trials were
 * too few for that. null for a model without a calibration: cosines differ so much between models that no threshold fits all.
 * @throws UserError for a rate that the calibration does not hold
 */
export function chooseThreshold(calibration: Calibration | null, choice: ThresholdChoice = {}): Threshold | null {
  if (choice.threshold !== undefined) return { value: choice.threshold, basis: 'given', calibrated: false };
  const { falseAccepts } = choice;
  if (!calibration) {
    if (falseAccepts === undefined) return null;
    throw new UserError(
      'The model has no calibration, so no false-accept rate can be asked for. Make one with `voxloop calibrate`, or give a threshold.',
    );
  }
  const wanted = falseAccepts ?? DEFAULT_RATE;
  const point = calibration.thresholds.find(({ allowed }) => Math.abs(allowed - wanted) < 1e-9);
  if (point)
    return {
      value: point.threshold,
      basis: basisOf(`${percent(wanted)} false accepts`, calibration),
      calibrated: true,
    };
  if (falseAccepts === undefined) {
    const basis = basisOf('equal error rate', calibration);
    return { value: calibration.equalError.threshold, basis, calibrated: true };
  }
  const rates = calibration.thresholds.map(({ allowed }) => percent(allowed)).join(', ');
  throw new UserError(
    `The model's calibration holds no threshold for ${percent(wanted)} false accepts, only for ${rates || 'the equal error rate'}. ` +
      'Choose one of these, give a threshold, or calibrate on more trials.',
  );
}

const percent = (rate: number) => `${Number((100 * rate).toPrecision(3))} %`;

const basisOf = (what: string, { measuredOn: { source, kind } }: Calibration) =>
  `${what} on ${source}${kind === 'crops' ? ', optimistic: without labels' : ''}`;

/** The log-likelihood ratio of a cosine, natural logarithm; null without a calibration. */
export const llrOf = (calibration: Calibration | null, score: number): number | null =>
  calibration && calibration.scale * score + calibration.offset;
