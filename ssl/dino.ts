import {
  batchNormLayer,
  cosineRamp,
  defineSsl,
  denseLayer,
  gelu,
  linearRamp,
  type Network,
  type Scope,
  softmaxCrossEntropy,
  type Tensor,
  tf,
  truncatedNormal,
  unit,
  updateEma,
  type Views,
  withoutGradient,
  z,
} from '../src/index.js';

const options = z.strictObject({
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
});
type Options = z.output<typeof options>;

/**
 * Self-distillation without labels (Caron et al. 2021), as speaker recognition uses it (Han et al. 2022; Chen et al.
 * 2023).
 */
export default defineSsl({
  name: 'dino',
  summary: 'Teacher-student self-distillation over global and local crops, EMA teacher, centred and sharpened targets.',
  options,
  views: ({ globalCrops, localCrops }) => ({ global: globalCrops, local: localCrops }),
  build({ options, backbone, scope }) {
    const student = withHead(backbone('student'), scope('student/head', 'head'), options);
    const teacher = withHead(backbone('teacher'), scope('teacher/head', 'head'), options);
    const center = scope('center').buffer('value', [1, options.prototypes], 0);
    const trained = [...student.network.scope.params(), ...student.headScope.params()];
    const followers = [...teacher.network.scope.params(), ...teacher.headScope.params()];
    const lastLayer = student.lastLayer;

    return {
      trained,
      networks: { teacher: teacher.network, student: student.network },

      schedule: ({ step, steps, epoch }) => ({
        momentum: cosineRamp(options.emaMomentum, 1, step / steps),
        teacherTemperature: linearRamp(
          options.teacherTemperature,
          options.finalTeacherTemperature,
          step / Math.max(options.teacherTemperatureWarmup * steps, 1),
        ),
        lastLayer: epoch < options.frozenEpochs ? 0 : 1,
      }),

      loss(views, { teacherTemperature }) {
        const outputs = withoutGradient(() => teacher.project(teacher.embed(views.global)));
        const targets = tf.softmax(tf.div(tf.sub(outputs, center.read()), teacherTemperature));
        const { centerMomentum } = options;
        const mean = tf.mean(outputs, 0, true);
        center.assign(tf.add(tf.mul(center.read(), centerMomentum), tf.mul(mean, 1 - centerMomentum)));

        const crops = [student.embed(views.global), ...(views.local ? [student.embed(views.local)] : [])];
        const embeddings = tf.concat(crops, 0);
        const logits = tf.div(student.project(embeddings), options.studentTemperature);
        return {
          loss: crossViewLoss(logits, targets, views, options),
          metrics: {
            outputs: tf.scalar(options.prototypes),
            teacherEntropy: meanEntropy(targets),
            studentEntropy: meanEntropy(tf.softmax(logits)),
          },
          embeddings,
        };
      },

      gradients: (gradients, { lastLayer: learns }) =>
        gradients.map(({ variable, gradient }) =>
          variable === lastLayer ? { variable, gradient: tf.mul(gradient, learns) } : { variable, gradient },
        ),

      afterStep: ({ momentum }) => updateEma(followers, trained, momentum),
    };
  },
});

/**
 * Mean cross-entropy from every teacher view to every student view of the same utterance but itself: with 2 global and
 * 4 local crops, 10 terms. Each row's targets are averaged first, which the cross-entropy allows, being linear in them.
 */
function crossViewLoss(
  logits: Tensor,
  targets: Tensor,
  { batch }: Views,
  { globalCrops, localCrops }: Options,
): Tensor {
  const views = tf.split(targets, globalCrops, 0);
  const rows: Tensor[] = [];
  const weights: number[] = [];
  for (let view = 0; view < globalCrops + localCrops; view++) {
    const others = views.filter((_, teacherView) => teacherView !== view);
    rows.push(tf.div(tf.addN(others), others.length));
    weights.push(...Array(batch).fill(others.length));
  }
  const losses = softmaxCrossEntropy(logits, tf.concat(rows, 0));
  const terms = globalCrops * (globalCrops + localCrops - 1) * batch;
  return tf.div(tf.sum(tf.mul(losses, tf.tensor1d(weights))), terms);
}

/** The 3-layer head with a weight-normalised last layer whose gain is fixed at 1. */
function withHead(network: Network, scope: Scope, { hiddenSize, bottleneckSize, prototypes }: Options) {
  const initial = truncatedNormal(0.02);
  const sizes = [network.embeddingSize, hiddenSize, hiddenSize];
  const hidden = sizes.slice(1).map((outputs, i) => {
    const layer = scope.child(`layer${i + 1}`);
    const dense = denseLayer(layer, { inputs: sizes[i], outputs, initial });
    return { dense, norm: batchNormLayer(layer.child('norm'), outputs) };
  });
  const bottleneck = denseLayer(scope.child('bottleneck'), { inputs: hiddenSize, outputs: bottleneckSize, initial });
  const lastLayer = scope.param('last-layer', [bottleneckSize, prototypes], initial);
  const pass = { training: true };
  return {
    network,
    headScope: scope,
    lastLayer,
    embed: (features: Tensor) => network.embed(features, pass),
    project(embeddings: Tensor): Tensor {
      let x = embeddings;
      for (const { dense, norm } of hidden) x = gelu(norm(dense(x), pass));
      return tf.matMul(unit(bottleneck(x), 1), unit(lastLayer.read(), 0));
    },
  };
}

const meanEntropy = (p: Tensor): Tensor => tf.neg(tf.mean(tf.sum(tf.mul(p, tf.log(tf.add(p, 1e-20))), 1)));
