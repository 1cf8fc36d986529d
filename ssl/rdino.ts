import {
  covariancePenalty,
  defineSsl,
  leastBatch,
  linearRamp,
  spreadShortfall,
  type Tensor,
  tf,
  withoutGradient,
  z,
} from '../src/index.js';
import { dinoMethod, dinoOptions, type Regulariser } from './parts/dino-method.js';

const options = z.strictObject({
  ...dinoOptions,
  finalTeacherTemperature: dinoOptions.finalTeacherTemperature.default(0.04),
  tapSize: z.number().int().min(2).default(8192).describe("the head's layer that is regularised"),
  startWeight: z.number().nonnegative().default(0.05).describe("both terms' weight at the start"),
  finalWeight: z.number().nonnegative().default(0.2).describe('and after the warm-up'),
  weightWarmupEpochs: z.number().nonnegative().default(10).describe('epochs in which the weight changes, along a line'),
  diversityWeight: z.number().nonnegative().default(10),
  decorrelationWeight: z.number().nonnegative().default(1),
});
type Options = z.output<typeof options>;

/**
 * Regularised DINO (Chen et al. 2023): DINO, and two terms on a wide layer of the head. Diversity asks for a standard deviation of
 * 1 in every dimension, decorrelation for no covariance between two of them. Defaults are those published with 3D-Speaker.
 */
export default defineSsl({
  name: 'rdino',
  summary: 'DINO with diversity and decorrelation of a wide layer of the head (Chen et al. 2023).',
  options,
  views: ({ globalCrops, localCrops }) => ({ global: globalCrops, local: localCrops }),
  check: (_, { batch }) => leastBatch(batch, 2, 'rdino: variances over a batch need'),
  build: (context) => dinoMethod(context, dimensionRegulariser(context.options)),
});

function dimensionRegulariser(options: Options): Regulariser {
  return {
    tapSize: options.tapSize,
    schedule: ({ epoch }) => {
      const progress = options.weightWarmupEpochs > 0 ? epoch / options.weightWarmupEpochs : 1;
      return { regularisation: linearRamp(options.startWeight, options.finalWeight, progress) };
    },
    loss(student, teacher, { regularisation }) {
      // [batch, tapSize]: each utterance by the mean of its global crops.
      const mean = (tap: Tensor) => tf.div(tf.addN(tf.split(tap, options.globalCrops, 0)), options.globalCrops);
      const terms = (tap: Tensor) => ({ diversity: spreadShortfall(tap), decorrelation: covariancePenalty(tap) });
      const [learned, taught] = [terms(mean(student)), withoutGradient(() => terms(mean(teacher)))];
      const diversity = tf.div(tf.add(learned.diversity, taught.diversity), 2);
      const decorrelation = tf.add(learned.decorrelation, taught.decorrelation);
      const sum = tf.add(
        tf.mul(diversity, options.diversityWeight),
        tf.mul(decorrelation, options.decorrelationWeight),
      );
      return { loss: tf.mul(sum, regularisation), metrics: { diversity, decorrelation } };
    },
  };
}
