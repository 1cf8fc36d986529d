import {
  createQueue,
  defineSsl,
  leastBatch,
  meanEntropy,
  ownRows,
  projectionHead,
  type Queue,
  refuseIdle,
  sinkhorn,
  type Tensor,
  tf,
  unit,
  unitRows,
  wholeBatchRows,
  withoutGradient,
  workerCount,
  z,
} from '../src/index.js';
import { crossViewLoss } from './parts/cross-view-loss.js';
import { projectedSize, projectionSizes } from './parts/projection.js';
import { wholeBatches } from './parts/whole-batches.js';

const fields = z.strictObject({
  prototypes: z.number().int().min(2).default(6000).describe('number of prototypes'),
  temperature: z.number().positive().default(0.1).describe('of the predictions'),
  epsilon: z.number().positive().default(0.05).describe('temperature of the assignments'),
  sinkhornIterations: z.number().int().positive().default(3),
  globalCrops: z
    .number()
    .int()
    .min(2)
    .default(2)
    .describe('crops that are assigned to prototypes, for the others to predict'),
  localCrops: z.number().int().min(0).default(0).describe('crops that predict assignments but have none'),
  queue: z
    .number()
    .int()
    .min(0)
    .default(3840)
    .describe('earlier projections of each global crop that join the assignment; 0 for none'),
  queueEpochs: z.number().nonnegative().optional().describe('epochs before the queue is used; default 15'),
  frozenEpochs: z.number().nonnegative().default(1).describe('epochs in which the prototypes do not learn'),
  projection: projectionSizes(
    [2048, 128],
    'sizes of the projection head, batch-normalised except for the last; [] for none',
  ),
});
type Options = z.output<typeof fields>;

const options = fields.superRefine(
  refuseIdle(({ queue, queueEpochs }) => [
    [queue === 0 && queueEpochs !== undefined, 'queueEpochs', 'has no effect with queue: 0'],
  ]),
);

/**
 * SwAV, swapped assignments between views: each crop predicts to which prototypes the other crops of its utterance were
 * assigned, and Sinkhorn iterations share a batch out equally among prototypes, so that nothing collapses. Prototypes have unit
 * length after every step.
 *
 * M. Caron, I. Misra, J. Mairal, P. Goyal, P. Bojanowski, A. Joulin, "Unsupervised Learning of Visual Features by Contrasting
 * Cluster Assignments", NeurIPS 2020, arXiv:2006.09882. Defaults are those of sslsv (Lepage and Dehak) for speakers, the head the
 * paper's.
 */
export default defineSsl({
  name: 'swav',
  summary:
    'Crops predict the balanced prototype assignments of each other, with an optional queue (Caron et al. 2020).',
  options,
  views: ({ globalCrops, localCrops }) => ({ global: globalCrops, local: localCrops }),
  manyWorkers: true,
  check: ({ queue }, { batch }) => [
    ...leastBatch(batch, 2, 'swav: sharing a batch out among prototypes needs'),
    ...wholeBatches('swav', queue, batch),
  ],
  build({ options, backbone, scope }) {
    const network = backbone('network');
    const projectorScope = scope('projection');
    const projector = projectionHead(projectorScope, { inputs: network.embeddingSize, sizes: options.projection });
    const size = projectedSize(options.projection, network.embeddingSize);
    const prototypes = scope('prototypes').param('rows', [options.prototypes, size], unitRows);
    const queues = Array.from({ length: options.queue > 0 ? options.globalCrops : 0 }, (_, crop) =>
      createQueue(scope('queue').child(crop), [options.queue, size], 0),
    );
    const cosines = (rows: Tensor): Tensor => tf.matMul(rows, prototypes.read(), false, true);

    return {
      trained: [...network.scope.params(), ...projectorScope.params(), prototypes],
      networks: { student: network },
      learnsWhen: new Map([[prototypes, 'prototypes']]),

      schedule: ({ epoch }) => ({
        prototypes: epoch < options.frozenEpochs ? 0 : 1,
        queue: epoch < (options.queueEpochs ?? 15) ? 0 : 1,
      }),

      loss({ global, local, batch }, { queue: queueInUse }) {
        const crops = local ? [global, local] : [global];
        const embeddings = tf.concat(
          crops.map((features) => network.embed(features, { training: true })),
          0,
        );
        const projections = unit(projector(embeddings), 1);
        const scores = cosines(projections); // [crops * batch, prototypes]
        const targets = withoutGradient(() => {
          const codes = Array.from({ length: options.globalCrops }, (_, crop) => {
            const ownScores = tf.slice(scores, crop * batch, batch);
            const cropProjections = () => tf.slice(projections, crop * batch, batch);
            // The whole batch is shared out, whichever worker has its rows.
            const cropScores = workerCount() > 1 ? cosines(wholeBatchRows(cropProjections())) : ownScores;
            const queue = queues[crop];
            const code = queue
              ? codesWithQueue(cropScores, queue, { cosines, queueInUse, options })
              : codesOf(cropScores, options);
            queue?.push(cropProjections());
            return ownRows(code);
          });
          return tf.concat(codes, 0);
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

/** The paper's codes: balanced assignments [rows, prototypes] of rows with these scores [rows, prototypes]. */
const codesOf = (scores: Tensor, { epsilon, sinkhornIterations }: Options): Tensor =>
  sinkhorn(tf.div(scores, epsilon), sinkhornIterations);

/** Codes of a global crop, balanced together with its queue where that is in use and full. */
function codesWithQueue(
  scores: Tensor,
  queue: Queue,
  { cosines, queueInUse, options }: { cosines(rows: Tensor): Tensor; queueInUse: Tensor; options: Options },
): Tensor {
  const alone = codesOf(scores, options);
  const earlier = queue.read(); // [queue, size]
  const together = codesOf(tf.concat([cosines(earlier), scores], 0), options);
  // The queue starts with zeros: until unit rows have reached its oldest end, it is not full.
  const oldest = tf.sum(tf.square(tf.slice(earlier, 0, 1)));
  const share = tf.mul(queueInUse, tf.cast(tf.greater(oldest, 0.5), 'float32'));
  return tf.add(alone, tf.mul(tf.sub(tf.slice(together, options.queue), alone), share));
}
