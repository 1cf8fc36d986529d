import {
  contrast,
  createQueue,
  defineSsl,
  leastBatch,
  marginOptions,
  projectionHead,
  type Tensor,
  tf,
  unit,
  unitRows,
  withoutGradient,
  z,
} from '../src/index.js';
import { projectedSize, projectionSizes } from './parts/projection.js';
import { teacherStudent } from './parts/teacher-student.js';
import { wholeBatches } from './parts/whole-batches.js';

const options = z.strictObject({
  queue: z
    .number()
    .int()
    .positive()
    .default(65536)
    .describe(
      'keys of earlier batches used as negatives; keep it below the utterances of an epoch, or it holds positives',
    ),
  momentum: z.number().min(0).max(1).default(0.999).describe('of the momentum encoder'),
  temperature: z.number().positive().default(0.07),
  margin: marginOptions.prefault({}),
  projection: projectionSizes([], 'sizes of the projection head, with a rectifier in between; [] for none'),
});

/**
 * MoCo, momentum contrast: the first crop of an utterance (query) must find its second crop (key), seen by a slowly moving copy of
 * the network, among keys of earlier batches.
 *
 * K. He, H. Fan, Y. Wu, S. Xie, R. Girshick, "Momentum Contrast for Unsupervised Visual Representation Learning", CVPR 2020,
 * arXiv:1911.05722. Defaults are WeSpeaker's.
 *
 * Both encoders normalise by the statistics of their own batch. The paper shuffles keys between devices, because the statistics that
 * a query shares with its key on a device tell the key from the queue. One device has nobody to shuffle with: here queries are
 * normalised over all first crops and keys over all second crops, which share no crop. They still come from the same utterances;
 * an accuracy near 1 while trials gain nothing would be the sign of such a leak, a larger batch its remedy.
 */
export default defineSsl({
  name: 'moco',
  summary: 'Momentum contrast: crops find each other among a queue of keys from a momentum encoder (He et al. 2020).',
  options,
  views: () => ({ global: 2, local: 0 }),
  manyWorkers: true,
  check: ({ queue }, { batch }) => [
    ...leastBatch(batch, 2, 'moco: batch normalisation needs'),
    ...wholeBatches('moco', queue, batch),
  ],
  build({ options, ...context }) {
    const { margin, temperature, projection } = options;
    const { student, teacher, updateTeacher } = teacherStudent(context, (scope, inputs) => {
      const projector = projectionHead(scope, { inputs, sizes: projection, norm: false });
      return (embeddings: Tensor) => unit(projector(embeddings), 1);
    });
    const size = projectedSize(projection, student.network.embeddingSize);
    const queue = createQueue(context.scope('queue'), [options.queue, size], unitRows);
    return {
      trained: student.weights,
      networks: { student: student.network, teacher: teacher.network },

      loss({ global, batch }) {
        const [first, second] = tf.split(global, 2, 0);
        const keys = withoutGradient(() => teacher.head(teacher.embed(second)));
        const embeddings = student.embed(first);
        const queries = student.head(embeddings);
        const positives = tf.sum(tf.mul(queries, keys), 1, true); // [batch, 1]
        const negatives = tf.matMul(queries, queue.read(), false, true); // [batch, queue]
        const { loss, accuracy } = contrast(tf.concat([positives, negatives], 1), Array(batch).fill(0), {
          margin,
          scale: (cosines) => tf.div(cosines, temperature),
        });
        queue.push(keys);
        return { loss, metrics: { accuracy }, embeddings };
      },

      afterStep: () => updateTeacher(tf.scalar(options.momentum)),
    };
  },
});
