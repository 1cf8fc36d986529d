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
import { teacherStudent } from './parts/teacher-student.js';
import { wholeBatches } from './parts/whole-batches.js';

const options = z.strictObject({
  queue: z
    .number()
    .int()
    .positive()
    .default(65536)
    .describe(
      'keys of earlier batches that serve as negatives; fewer than utterances in an epoch, or own keys are among them',
    ),
  momentum: z.number().min(0).max(1).default(0.999).describe('of the momentum encoder'),
  temperature: z.number().positive().default(0.07),
  margin: marginOptions.prefault({}),
  projection: z
    .array(z.number().int().positive())
    .default([])
    .describe('sizes of the projection head, with a rectifier in between; [] for none'),
});

/**
 * Momentum contrast (He et al. 2020): the first crop of an utterance must find its second crop, seen by a slowly moving copy of
 * the network, among keys of earlier batches. The defaults are WeSpeaker's.
 *
 * Both encoders normalise by the statistics of what they see. He et al. shuffle keys between devices, because the statistics that a
 * query shares with its key on a device tell the key from the queue. One device has nobody to shuffle with: here queries are
 * normalised over all first crops and keys over all second crops, which share no crop. They still are of the same utterances;
 * an accuracy near 1 while trials gain nothing would be the sign of such a hint, a larger batch its remedy.
 */
export default defineSsl({
  name: 'moco',
  summary: 'Momentum contrast: crops find each other among a queue of keys from a momentum encoder (He et al. 2020).',
  options,
  views: () => ({ global: 2, local: 0 }),
  check: ({ queue }, { batch }) => [
    ...leastBatch(batch, 2, 'moco: batch normalisation needs'),
    ...wholeBatches('moco', queue, batch),
  ],
  build({ options, ...context }) {
    const { margin, temperature, projection: sizes } = options;
    const { student, teacher, follow } = teacherStudent(context, (scope, inputs) => {
      const head = projectionHead(scope, { inputs, sizes, norm: false });
      return (embeddings: Tensor) => unit(head(embeddings), 1);
    });
    const size = sizes.at(-1) ?? student.network.embeddingSize;
    const queue = createQueue(context.scope('queue'), [options.queue, size], unitRows);
    return {
      trained: student.weights,
      networks: { student: student.network, teacher: teacher.network },

      loss({ global, batch }) {
        const [first, second] = tf.split(global, 2, 0);
        const keys = withoutGradient(() => teacher.head(teacher.embed(second)));
        const embeddings = student.embed(first);
        const queries = student.head(embeddings);
        const own = tf.sum(tf.mul(queries, keys), 1, true);
        const others = tf.matMul(queries, queue.read(), false, true);
        const { loss, accuracy } = contrast(tf.concat([own, others], 1), Array(batch).fill(0), {
          margin,
          scale: (cosines) => tf.div(cosines, temperature),
        });
        queue.push(keys);
        return { loss, metrics: { accuracy }, embeddings };
      },

      afterStep: () => follow(tf.scalar(options.momentum)),
    };
  },
});
