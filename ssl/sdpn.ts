import {
  cosineRamp,
  defineSsl,
  gelu,
  leastBatch,
  meanEntropy,
  ownRows,
  projectionHead,
  sinkhorn,
  softmaxCrossEntropy,
  type Tensor,
  tf,
  unit,
  wholeBatchRows,
  withoutGradient,
  z,
} from '../src/index.js';
import { headInitial } from './dino.js';
import { koleo } from './parts/koleo.js';
import { teacherStudent } from './parts/teacher-student.js';

const options = z.strictObject({
  prototypes: z.number().int().min(2).default(1024).describe('number of prototypes'),
  hiddenSize: z.number().int().positive().default(2048).describe('hidden layers of the head'),
  bottleneckSize: z.number().int().positive().default(256).describe('size of a prototype'),
  localCrops: z.number().int().positive().default(4).describe('augmented short crops, seen by the student'),
  temperature: z.number().positive().default(0.1).describe('of both networks'),
  sharpening: z.number().positive().default(0.25).describe("the teacher's distributions are raised to 1 / sharpening"),
  sinkhornIterations: z.number().int().positive().default(3),
  entropyWeight: z.number().nonnegative().default(1).describe('of the term that asks for all prototypes to be used'),
  koleoWeight: z.number().nonnegative().default(0.1).describe('of the term that keeps embeddings of a crop apart'),
  emaMomentum: z
    .number()
    .min(0)
    .max(1)
    .default(0.996)
    .describe('momentum of the teacher at the start; rises to 1 along a cosine'),
});

/**
 * SDPN, self-distillation prototypes network: the student assigns augmented short crops to learned prototypes as the teacher
 * assigns the clean long crop. The teacher's assignments are sharpened and shared out among the prototypes; the student is to
 * use all prototypes, and embeddings are to keep their distance.
 *
 * Y. Chen, S. Zheng, H. Wang, L. Cheng, Q. Chen, C. Deng, S. Zhang, W. Wang, "Self-Distillation Prototypes Network: Learning Robust
 * Speaker Representations without Supervision", ICASSP 2025, arXiv:2308.02774. Defaults are those published with 3D-Speaker.
 */
export default defineSsl({
  name: 'sdpn',
  summary: 'Distillation into learned prototypes, from a clean long crop to augmented short ones (Chen et al. 2025).',
  options,
  views: ({ localCrops }) => ({ global: 1, local: localCrops, clean: true }),
  manyWorkers: true,
  check: (_, { batch }) => leastBatch(batch, 2, 'sdpn: shared assignments and distances need'),
  build({ options, ...context }) {
    const { hiddenSize, bottleneckSize, localCrops, temperature } = options;
    const sizes = [hiddenSize, hiddenSize, bottleneckSize];
    const { student, teacher, networks, updateTeacher } = teacherStudent(context, (scope, inputs) =>
      projectionHead(scope, { inputs, sizes, activation: gelu, initial: headInitial }),
    );
    const limit = 1 / Math.sqrt(bottleneckSize);
    // [bottleneckSize, prototypes]: learned by gradient, used at unit length, the same for both networks.
    const prototypes = context
      .scope('prototypes')
      .param('value', [bottleneckSize, options.prototypes], (shape, rng) =>
        new Float32Array(shape[0] * shape[1]).map(() => rng.uniform(-limit, limit)),
      );
    const cosines = (projections: Tensor) => tf.matMul(unit(projections, 1), unit(prototypes.read(), 0));

    return {
      trained: [...student.weights, prototypes],
      networks,

      schedule: ({ step, steps }) => ({ momentum: cosineRamp(options.emaMomentum, 1, step / steps) }),

      loss({ global, local }) {
        const targets = withoutGradient(() => {
          // The whole batch is shared out, whichever worker has its rows.
          const projections = wholeBatchRows(teacher.head(teacher.embed(global)));
          const teacherLogits = tf.div(cosines(projections), temperature);
          const sharpened = tf.logSoftmax(tf.div(teacherLogits, options.sharpening));
          return ownRows(sinkhorn(sharpened, options.sinkhornIterations));
        });
        const embeddings = student.embed(local!);
        const logits = tf.div(cosines(student.head(embeddings)), temperature); // [localCrops * batch, prototypes]
        const distillation = tf.mean(softmaxCrossEntropy(logits, tf.tile(targets, [localCrops, 1])));
        const probabilities = tf.softmax(logits);
        const usage = tf.mean(wholeBatchRows(tf.mean(probabilities, 0, true)), 0, true);
        const usageEntropy = meanEntropy(usage);
        const allEmbeddings = wholeBatchRows(embeddings, localCrops);
        const nearness = tf.addN(tf.split(allEmbeddings, localCrops, 0).map(koleo));
        const unused = tf.sub(Math.log(options.prototypes), usageEntropy);
        return {
          loss: tf.addN([distillation, tf.mul(unused, options.entropyWeight), tf.mul(nearness, options.koleoWeight)]),
          metrics: {
            outputs: tf.scalar(options.prototypes),
            teacherEntropy: meanEntropy(targets),
            studentEntropy: meanEntropy(probabilities),
            usageEntropy,
            koleo: nearness,
          },
          embeddings,
        };
      },

      afterStep: ({ momentum }) => updateTeacher(momentum),
    };
  },
});
