import {
  cosineRamp,
  defineSsl,
  denseLayer,
  gelu,
  leastBatch,
  linearRamp,
  meanEntropy,
  projectionHead,
  type RunPosition,
  type Scope,
  type SslContext,
  type SslMethod,
  type Tensor,
  tf,
  truncatedNormal,
  unit,
  withoutGradient,
  z,
} from '../src/index.js';
import { crossViewLoss } from './parts/cross-view-loss.js';
import { teacherStudent } from './parts/teacher-student.js';

/** Options of DINO and of methods that build on it. Defaults are those published with WeSpeaker for VoxCeleb2. */
export const dinoOptions = {
  prototypes: z.number().int().positive().default(65536).describe('outputs K of the head'),
  hiddenSize: z.number().int().positive().default(2048).describe('hidden layers of the head'),
  bottleneckSize: z.number().int().positive().default(256).describe('layer in front of the prototypes'),
  globalCrops: z.number().int().min(2).default(2).describe('seen by both networks'),
  localCrops: z.number().int().min(0).default(4).describe('seen by the student only'),
  studentTemperature: z.number().positive().default(0.1),
  teacherTemperature: z.number().positive().default(0.04).describe('temperature of the targets at the start'),
  finalTeacherTemperature: z.number().positive().default(0.07).describe('and after the warm-up'),
  teacherTemperatureWarmup: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe('length of that warm-up, as a share of the run'),
  centerMomentum: z.number().min(0).max(1).default(0.9).describe('of the running mean that targets are centred by'),
  emaMomentum: z
    .number()
    .min(0)
    .max(1)
    .default(0.996)
    .describe('momentum of the teacher at the start; rises to 1 along a cosine'),
  frozenEpochs: z.number().nonnegative().default(1).describe('epochs in which the last layer does not learn'),
};
type Options = z.output<z.ZodObject<typeof dinoOptions>>;

/**
 * DINO, self-distillation with no labels: M. Caron, H. Touvron, I. Misra, H. Jégou, J. Mairal, P. Bojanowski, A. Joulin, "Emerging
 * Properties in Self-Supervised Vision Transformers", ICCV 2021, arXiv:2104.14294. For speakers: B. Han, Z. Chen, Y. Qian,
 * "Self-Supervised Speaker Verification Using Dynamic Loss-Gate and Label Correction", Interspeech 2022, arXiv:2208.01928.
 */
export default defineSsl({
  name: 'dino',
  summary: 'Teacher-student self-distillation over global and local crops, EMA teacher, centred and sharpened targets.',
  options: z.strictObject(dinoOptions),
  views: ({ globalCrops, localCrops }) => ({ global: globalCrops, local: localCrops }),
  manyWorkers: true,
  check: (_, { batch }) => leastBatch(batch, 2, 'dino: batch normalisation needs'),
  build: (context) => dinoMethod(context),
});

/** A term beside DINO's loss, on the input of the head's bottleneck. */
export interface Regulariser {
  /** Size of the layer that is tapped. */
  tapSize: number;
  schedule(position: RunPosition): Record<string, number>;
  /** From the taps of the global crops [globalCrops * batch, tapSize], crop-major; the teacher's carry no gradient. */
  loss(
    studentTap: Tensor,
    teacherTap: Tensor,
    schedule: Record<string, Tensor>,
  ): { loss: Tensor; metrics: Record<string, Tensor> };
}

/** DINO with an optional regulariser. */
export function dinoMethod({ options, ...context }: SslContext<Options>, regulariser?: Regulariser): SslMethod {
  const { prototypes, centerMomentum, studentTemperature } = options;
  const { student, teacher, networks, updateTeacher } = teacherStudent(context, (scope, inputs) =>
    dinoHead(scope, inputs, { ...options, tapSize: regulariser?.tapSize }),
  );
  const center = context.scope('center').buffer('value', [1, prototypes], 0);

  return {
    trained: student.weights,
    networks,
    learnsWhen: new Map([[student.head.lastLayer, 'lastLayer']]),

    schedule: (position) => ({
      momentum: cosineRamp(options.emaMomentum, 1, position.step / position.steps),
      teacherTemperature: linearRamp(
        options.teacherTemperature,
        options.finalTeacherTemperature,
        position.step / Math.max(options.teacherTemperatureWarmup * position.steps, 1),
      ),
      lastLayer: position.epoch < options.frozenEpochs ? 0 : 1,
      ...regulariser?.schedule(position),
    }),

    loss({ global, local, batch }, schedule) {
      const { output: teacherOutput, tap: teacherTap } = withoutGradient(() =>
        teacher.head.project(teacher.embed(global)),
      );
      // Centred and sharpened: the one keeps a single prototype from winning, the other keeps targets from becoming uniform.
      const targets = tf.softmax(tf.div(tf.sub(teacherOutput, center.read()), schedule.teacherTemperature));
      const mean = tf.mean(teacherOutput, 0, true);
      center.assign(tf.add(tf.mul(center.read(), centerMomentum), tf.mul(mean, 1 - centerMomentum)));

      const embeddings = tf.concat([student.embed(global), ...(local ? [student.embed(local)] : [])], 0);
      const { output: studentOutput, tap: studentTap } = student.head.project(embeddings);
      const logits = tf.div(studentOutput, studentTemperature); // [(globalCrops + localCrops) * batch, prototypes]
      const distillation = crossViewLoss(logits, targets, batch);
      const globalTap = () => tf.slice(studentTap, 0, teacherTap.shape[0]!);
      const regularisation = regulariser?.loss(globalTap(), teacherTap, schedule);
      return {
        loss: regularisation ? tf.add(distillation, regularisation.loss) : distillation,
        metrics: {
          outputs: tf.scalar(prototypes),
          teacherEntropy: meanEntropy(targets),
          studentEntropy: meanEntropy(tf.softmax(logits)),
          ...regularisation?.metrics,
        },
        embeddings,
      };
    },

    afterStep: ({ momentum }) => updateTeacher(momentum),
  };
}

/** Sizes of a head. */
interface HeadSizes {
  hiddenSize: number;
  bottleneckSize: number;
  prototypes: number;
  /** Outputs of another linear layer in front of the bottleneck, as RDINO has it. */
  tapSize?: number;
}

/** First values of every weight of a head. */
export const headInitial = truncatedNormal(0.02);

/**
 * The 3-layer head: two hidden layers with batch normalisation and GELU, a linear bottleneck of unit length, and a
 * weight-normalised last layer whose gain is fixed at 1, so that outputs are cosines to `prototypes` directions.
 */
function dinoHead(scope: Scope, inputs: number, { hiddenSize, bottleneckSize, prototypes, tapSize }: HeadSizes) {
  const sizes = [hiddenSize, hiddenSize, tapSize ?? bottleneckSize];
  const hidden = projectionHead(scope, { inputs, sizes, activation: gelu, initial: headInitial });
  const bottleneck = tapSize
    ? denseLayer(scope.child('bottleneck'), { inputs: tapSize, outputs: bottleneckSize, initial: headInitial })
    : (x: Tensor) => x;
  const lastLayer = scope.param('last-layer', [bottleneckSize, prototypes], headInitial);
  return {
    lastLayer,
    /** Embeddings [rows, inputs] to `output` [rows, prototypes] and the bottleneck's input `tap` [rows, tapSize ?? bottleneckSize]. */
    project(embeddings: Tensor): { tap: Tensor; output: Tensor } {
      const tap = hidden(embeddings);
      return { tap, output: tf.matMul(unit(bottleneck(tap), 1), unit(lastLayer.read(), 0)) };
    },
  };
}
