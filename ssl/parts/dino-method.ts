import {
  cosineRamp,
  linearRamp,
  meanEntropy,
  type RunPosition,
  type SslContext,
  type SslMethod,
  type Tensor,
  tf,
  withoutGradient,
  z,
} from '../../src/index.js';
import { crossViewLoss } from './cross-view-loss.js';
import { dinoHead } from './dino-head.js';
import { teacherStudent } from './teacher-student.js';

/** Options of DINO and of what builds on it. Defaults are those published with WeSpeaker for VoxCeleb2. */
export const dinoOptions = {
  prototypes: z.number().int().positive().default(65536).describe('outputs K of the head'),
  hiddenSize: z.number().int().positive().default(2048),
  bottleneckSize: z.number().int().positive().default(256),
  globalCrops: z.number().int().min(2).default(2).describe('seen by both networks'),
  localCrops: z.number().int().min(0).default(4).describe('seen by the student only'),
  studentTemperature: z.number().positive().default(0.1),
  teacherTemperature: z.number().positive().default(0.04).describe('at the start'),
  finalTeacherTemperature: z.number().positive().default(0.07),
  teacherTemperatureWarmup: z.number().min(0).max(1).default(0.2).describe('share of the run'),
  centerMomentum: z.number().min(0).max(1).default(0.9),
  emaMomentum: z.number().min(0).max(1).default(0.996).describe('at the start; 1 at the end, along a cosine'),
  frozenEpochs: z.number().nonnegative().default(1).describe('epochs in which the last layer does not learn'),
};
type Options = z.output<z.ZodObject<typeof dinoOptions>>;

/** A term beside DINO's loss, on what the head's bottleneck sees. */
export interface Regulariser {
  /** Size of the layer that is tapped. */
  tapSize: number;
  schedule(position: RunPosition): Record<string, number>;
  /** From the taps of the global crops [globalCrops * batch, tapSize], crop-major; the teacher's carry no gradient. */
  loss(
    student: Tensor,
    teacher: Tensor,
    schedule: Record<string, Tensor>,
  ): { loss: Tensor; metrics: Record<string, Tensor> };
}

/** Self-distillation without labels (Caron et al. 2021), with an optional regulariser. */
export function dinoMethod({ options, ...context }: SslContext<Options>, regulariser?: Regulariser): SslMethod {
  const { prototypes, centerMomentum, studentTemperature } = options;
  const { student, teacher, networks, follow } = teacherStudent(context, (scope, inputs) =>
    dinoHead(scope, inputs, { ...options, tapSize: regulariser?.tapSize }),
  );
  const center = context.scope('center').buffer('value', [1, prototypes], 0);

  return {
    trained: student.weights,
    networks,
    learnsWhen: new Map([[student.head.lastLayer, 'lastLayer']]),

    schedule: (moment) => ({
      momentum: cosineRamp(options.emaMomentum, 1, moment.step / moment.steps),
      teacherTemperature: linearRamp(
        options.teacherTemperature,
        options.finalTeacherTemperature,
        moment.step / Math.max(options.teacherTemperatureWarmup * moment.steps, 1),
      ),
      lastLayer: moment.epoch < options.frozenEpochs ? 0 : 1,
      ...regulariser?.schedule(moment),
    }),

    loss(views, schedule) {
      const taught = withoutGradient(() => teacher.head.project(teacher.embed(views.global)));
      const targets = tf.softmax(tf.div(tf.sub(taught.outputs, center.read()), schedule.teacherTemperature));
      const mean = tf.mean(taught.outputs, 0, true);
      center.assign(tf.add(tf.mul(center.read(), centerMomentum), tf.mul(mean, 1 - centerMomentum)));

      const crops = [student.embed(views.global), ...(views.local ? [student.embed(views.local)] : [])];
      const embeddings = tf.concat(crops, 0);
      const learned = student.head.project(embeddings);
      const logits = tf.div(learned.outputs, studentTemperature);
      const distillation = crossViewLoss(logits, targets, views.batch);
      const globalTap = () => tf.slice(learned.tap, 0, taught.tap.shape[0]!);
      const extra = regulariser?.loss(globalTap(), taught.tap, schedule);
      return {
        loss: extra ? tf.add(distillation, extra.loss) : distillation,
        metrics: {
          outputs: tf.scalar(prototypes),
          teacherEntropy: meanEntropy(targets),
          studentEntropy: meanEntropy(tf.softmax(logits)),
          ...extra?.metrics,
        },
        embeddings,
      };
    },

    afterStep: ({ momentum }) => follow(momentum),
  };
}
