import { crossingOf, defineGate, fitTwoGaussians, momentsOf, z } from '../../src/index.js';

/** Losses below this are as good as zero in float32; keeps logarithms finite. */
const LEAST_LOSS = 1e-6;
const LEAST_SAMPLES = 20;
/** Losses that differ by less than about a thousandth count as equal. */
const LEAST_DEVIATION = 1e-3;
/**
 * Two Gaussians of equal width and weight have two peaks from this separation on (Ashman, Bird and Zepf, "Detecting bimodality in
 * astronomical datasets", The Astronomical Journal 108, 1994).
 */
const PEAKS = 2;
/** Free parameters of two Gaussians beyond those of one: a mean, a deviation, a weight. */
const MORE_PARAMETERS = 3;

/**
 * The scale on which components are fitted, and its inverse. A softmax loss is the negative logarithm of the label's probability p, so
 * log(exp(loss) - 1) = log((1 - p) / p): the log-odds that the label is wrong, by the network. It is linear in class scores at both ends,
 * where a logarithm squeezes the losses of wrong labels together and draws those of easy samples out into a tail.
 */
const LOG_ODDS = {
  from: (loss: number) => loss + Math.log(-Math.expm1(-loss)),
  to: (value: number) => Math.max(0, value) + Math.log1p(Math.exp(-Math.abs(value))),
};

/** A power transform of losses, and its inverse (Box and Cox, "An Analysis of Transformations", 1964, without the constants). */
const powerScale = (power: number) =>
  power === 0
    ? { from: Math.log, to: Math.exp }
    : { from: (loss: number) => loss ** power, to: (value: number) => Math.max(0, value) ** (1 / power) };

/** Least weights of the component of low losses: easy samples that a logarithm sets apart are no sign that the others are wrong. */
const LEAST_WEIGHT = { logOdds: 0.3, power: 0.05 };

const options = z.strictObject({
  power: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      'power of the losses that the Gaussians are fitted to: 0 for their logarithms, as published; a larger one rejects more, ' +
        'because it shortens the tail of small losses, and so narrows the component of low losses. Default: none; they are fitted to ' +
        'log(exp(loss) - 1), the log-odds of a wrong label, which suits random and confused labels alike',
    ),
  separation: z
    .number()
    .nonnegative()
    .default(1)
    .describe(
      "keep all unless the components are this far apart: |difference of means| / root mean square of deviations (Ashman's D)",
    ),
  leastWeight: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      `keep all when the component of low losses has a smaller share than this; default ${LEAST_WEIGHT.logOdds}, with a power ${LEAST_WEIGHT.power}`,
    ),
  overlapWeight: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe(
      'the same for components closer than 2, which have a single peak: a small one is then a tail of easy samples',
    ),
});

/**
 * The dynamic loss-gate of DLG-LC (Han, Chen and Qian, "Self-Supervised Speaker Verification Using Dynamic Loss-Gate and Label Correction",
 * Interspeech 2022, arXiv:2208.01928), on log-odds unless a power is given.
 */
export default defineGate({
  name: 'dynamic',
  summary:
    'Keeps losses below the crossing of two Gaussians fitted to their log-odds, or as published to their logarithms (DLG-LC, Han et al. 2022); keeps all where one Gaussian fits as well.',
  options,
  threshold(losses, { power, separation: leastSeparation, leastWeight: leastShare, overlapWeight }) {
    const { from, to } = power === undefined ? LOG_ODDS : powerScale(power);
    const leastWeight = leastShare ?? (power === undefined ? LEAST_WEIGHT.logOdds : LEAST_WEIGHT.power);
    const all = Number.POSITIVE_INFINITY;
    const values = valuesOf(losses, from);
    const whole = momentsOf(values);
    if (values.length < LEAST_SAMPLES || whole.deviation < LEAST_DEVIATION) {
      return { threshold: all, components: { samples: values.length, mixed: 0 } };
    }
    const { low, high, logLikelihood } = fitTwoGaussians(values);
    const separation = (high.mean - low.mean) / Math.sqrt((low.deviation ** 2 + high.deviation ** 2) / 2);
    const crossing = crossingOf(low, high);
    // Overlapping components are accepted too, where Schwarz's criterion prefers them: when the gate opens, losses of wrong labels are
    // only somewhat higher, and it is by not training on the highest that the two move apart.
    const gain =
      2 * values.length * (logLikelihood - logLikelihoodOf(whole)) - MORE_PARAMETERS * Math.log(values.length);
    const least = separation < PEAKS ? Math.max(leastWeight, overlapWeight) : leastWeight;
    const mixed = crossing !== undefined && gain > 0 && separation >= leastSeparation && low.weight >= least;
    const components = {
      samples: values.length,
      mixed: mixed ? 1 : 0,
      separation,
      gain,
      lowMean: low.mean,
      lowDeviation: low.deviation,
      lowWeight: low.weight,
      highMean: high.mean,
      highDeviation: high.deviation,
      highWeight: high.weight,
    };
    return { threshold: mixed ? to(crossing) : all, components };
  },
});

/** Log-likelihood per value, in nats, of values under the Gaussian with their own moments. */
const logLikelihoodOf = ({ deviation }: { deviation: number }): number =>
  -Math.log(deviation) - (1 + Math.log(2 * Math.PI)) / 2;

function valuesOf(losses: Float32Array, from: (loss: number) => number): Float64Array {
  return Float64Array.from(losses.filter(Number.isFinite), (loss) => from(Math.max(loss, LEAST_LOSS)));
}
