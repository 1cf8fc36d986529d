import {
  createQueue,
  defineSsl,
  leastBatch,
  meanEntropy,
  projectionHead,
  type Queue,
  sinkhorn,
  type Tensor,
  tf,
  unit,
  unitRows,
  withoutGradient,
  z,
} from '../src/index.js';
import { crossViewLoss } from './parts/cross-view-loss.js';
import { wholeBatches } from './parts/whole-batches.js';

const options = z.strictObject({
  prototypes: z.number().int().min(2).default(6000),
  temperature: z.number().positive().default(0.1),
  epsilon: z.number().positive().default(0.05).describe('temperature of the assignments'),
  sinkhornIterations: z.number().int().positive().default(3),
  globalCrops: z
    .number()
    .int()
    .min(2)
    .default(2)
    .describe('assigned to prototypes; their assignments are what the others predict'),
  localCrops: z.number().int().min(0).default(0).describe('predict only'),
  queue: z
    .number()
    .int()
    .min(0)
    .default(3840)
    .describe('earlier features of each global crop that join the assignment; 0 for none'),
  queueEpochs: z.number().nonnegative().default(15).describe('epochs before they do'),
  frozenEpochs: z.number().nonnegative().default(1).describe('epochs in which the prototypes do not learn'),
  projection: z
    .array(z.number().int().positive())
    .default([2048, 128])
    .describe('sizes of the projection head, batch-normalised but for the last; [] for none'),
});

/**
 * Swapped assignments between views (Caron et al. 2020): each crop predicts to which prototypes the other crops of its utterance were
 * assigned, and Sinkhorn iterations share a batch out equally among prototypes, so that nothing collapses. Prototypes have unit
 * length after every step. The defaults are those of sslsv (Lepage and Dehak) for speakers, the head the paper's.
 */
export default defineSsl({
  name: 'swav',
  summary:
    'Crops predict the balanced prototype assignments of each other, with an optional queue (Caron et al. 2020).',
  options,
  views: ({ globalCrops, localCrops }) => ({ global: globalCrops, local: localCrops }),
  check: ({ queue }, { batch }) => [
    ...leastBatch(batch, 2, 'swav: to share a batch out among prototypes needs'),
    ...wholeBatches('swav', queue, batch),
  ],
  build({ options, backbone, scope }) {
    const network = backbone('network');
    const headScope = scope('projection');
    const project = projectionHead(headScope, { inputs: network.embeddingSize, sizes: options.projection });
    const size = options.projection.at(-1) ?? network.embeddingSize;
    const prototypes = scope('prototypes').param('rows', [options.prototypes, size], unitRows);
    const queues = Array.from({ length: options.queue > 0 ? options.globalCrops : 0 }, (_, crop) =>
      createQueue(scope('queue').child(crop), [options.queue, size], 0),
    );
    const cosines = (rows: Tensor): Tensor => tf.matMul(rows, prototypes.read(), false, true);
    const assign = (scores: Tensor): Tensor => sinkhorn(tf.div(scores, options.epsilon), options.sinkhornIterations);

    /** Assignments [batch, prototypes] of a global crop, balanced together with its queue where that is in use and full. */
    const assignments = (scores: Tensor, queue: Queue | undefined, inUse: Tensor): Tensor => {
      const alone = assign(scores);
      if (!queue) return alone;
      const earlier = queue.read();
      const together = assign(tf.concat([cosines(earlier), scores], 0));
      // The queue starts with zeros: until unit rows have reached its old end, it is not full.
      const oldest = tf.sum(tf.square(tf.slice(earlier, 0, 1)));
      const share = tf.mul(inUse, tf.cast(tf.greater(oldest, 0.5), 'float32'));
      return tf.add(alone, tf.mul(tf.sub(tf.slice(together, options.queue), alone), share));
    };

    return {
      trained: [...network.scope.params(), ...headScope.params(), prototypes],
      networks: { student: network },
      learnsWhen: new Map([[prototypes, 'prototypes']]),

      schedule: ({ epoch }) => ({
        prototypes: epoch < options.frozenEpochs ? 0 : 1,
        queue: epoch < options.queueEpochs ? 0 : 1,
      }),

      loss({ global, local, batch }, { queue: inUse }) {
        const crops = local ? [global, local] : [global];
        const embeddings = tf.concat(
          crops.map((features) => network.embed(features, { training: true })),
          0,
        );
        const rows = unit(project(embeddings), 1);
        const scores = cosines(rows); // [crops * batch, prototypes]
        const targets = withoutGradient(() => {
          const parts = Array.from({ length: options.globalCrops }, (_, crop) => {
            const own = assignments(tf.slice(scores, crop * batch, batch), queues[crop], inUse);
            queues[crop]?.push(tf.slice(rows, crop * batch, batch));
            return own;
          });
          return tf.concat(parts, 0);
        });
        const logits = tf.div(scores, options.temperature);
        return {
          loss: crossViewLoss(logits, targets, batch),
          metrics: {
            outputs: tf.scalar(options.prototypes),
            teacherEntropy: meanEntropy(targets),
            studentEntropy: meanEntropy(tf.softmax(logits)),
          },
          embeddings,
        };
      },

      afterStep: () => prototypes.assign(unit(prototypes.read(), 1)),
    };
  },
});
