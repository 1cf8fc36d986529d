import {
  covariancePenalty,
  defineSsl,
  leastBatch,
  linearRamp,
  spreadShortfall,
  type Tensor,
  tf,
  wholeBatchRows,
  withoutGradient,
  z,
} from '../src/index.js';
import { dinoMethod, dinoOptions, type Regulariser } from './dino.js';

const options = z.strictObject({
  ...dinoOptions,
  finalTeacherTemperature: dinoOptions.finalTeacherTemperature.default(0.04),
  tapSize: z.number().int().min(2).default(8192).describe('size of the regularised layer of the head'),
  startWeight: z.number().nonnegative().default(0.05).describe('weight of both terms at the start'),
  finalWeight: z.number().nonnegative().default(0.2).describe('and after the warm-up'),
  weightWarmupEpochs: z.number().nonnegative().default(10).describe('epochs in which the weight changes, along a line'),
  diversityWeight: z.number().nonnegative().default(10).describe('weight of diversity in the sum of both'),
  decorrelationWeight: z.number().nonnegative().default(1).describe('and of decorrelation'),
});
type Options = z.output<typeof options>;

/**
 * Regularised DINO: DINO, and two terms on a wide layer of the head. Diversity asks for a standard deviation of 1 in every
 * dimension, decorrelation for no covariance between any two of them.
 *
 * Y. Chen, S. Zheng, H. Wang, L. Cheng, Q. Chen, "Pushing the Limits of Self-Supervised Speaker Verification Using Regularized
 * Distillation Framework", ICASSP 2023, arXiv:2211.04168. Defaults are those published with 3D-Speaker.
 */
export default defineSsl({
  name: 'rdino',
  summary: 'DINO with diversity and decorrelation of a wide layer of the head (Chen et al. 2023).',
  options,
  views: ({ globalCrops, localCrops }) => ({ global: globalCrops, local: localCrops }),
  manyWorkers: true,
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
    loss(studentTap, teacherTap, { regularisation }) {
      // Each utterance by the mean of its global crops: [batch, tapSize].
      const meanCrop = (tap: Tensor) => tf.div(tf.addN(tf.split(tap, options.globalCrops, 0)), options.globalCrops);
      const terms = (tap: Tensor) => {
        const utterances = wholeBatchRows(meanCrop(tap));
        return { diversity: spreadShortfall(utterances), decorrelation: covariancePenalty(utterances) };
      };
      const student = terms(studentTap);
      const teacher = withoutGradient(() => terms(teacherTap));
      const diversity = tf.div(tf.add(student.diversity, teacher.diversity), 2);
      const decorrelation = tf.add(student.decorrelation, teacher.decorrelation);
      const sum = tf.add(
        tf.mul(diversity, options.diversityWeight),
        tf.mul(decorrelation, options.decorrelationWeight),
      );
      return { loss: tf.mul(sum, regularisation), metrics: { diversity, decorrelation } };
    },
  };
}
