import {
  type Backbone,
  defineSsl,
  denseLayer,
  hits,
  leastBatch,
  meanOfCounted,
  ownRows,
  random,
  type Scope,
  sparseSoftmaxCrossEntropy,
  stopGradient,
  type Tensor,
  tf,
  truncatedNormal,
  unit,
  unitRows,
  wholeBatchSum,
  withoutGradient,
  withWholeBatch,
  workerCount,
  z,
} from '../src/index.js';
import { checkFrames, heardBins, heardFrames, movedCentres, nearestUnits, spansFrom } from './parts/units.js';

const options = z.strictObject({
  units: z.number().int().min(2).default(100).describe('clusters of frames'),
  unitSteps: z
    .number()
    .int()
    .positive()
    .default(100)
    .describe('steps in which the clusters are still learned, beside the network; later they stay'),
  span: z.number().int().positive().default(10).describe('frames that are masked together'),
  startShare: z
    .number()
    .gt(0)
    .max(1)
    .default(0.08)
    .describe('share of frames that begin a masked span; spans may overlap'),
  temperature: z.number().positive().default(0.1).describe('of the cosines between predictions and units'),
  projectionSize: z
    .number()
    .int()
    .positive()
    .default(256)
    .describe('size of predictions and of the learned vectors of units'),
});

/**
 * HuBERT's pretraining: spans of frames are masked, and the network predicts, from what is around them, the cluster (unit) that each masked
 * frame belongs to. Clusters are those of k-means over what is heard, by mini-batches in the first steps. Unlike the paper, the mask takes the
 * place of input frames, whatever the network, and the utterance's embedding joins every prediction, so that all of the network learns.
 *
 * W.-N. Hsu, B. Bolte, Y.-H. H. Tsai et al., "HuBERT: Self-Supervised Speech Representation Learning by Masked Prediction of Hidden Units",
 * 2021, arXiv:2106.07447.
 */
export default defineSsl({
  name: 'masked-units',
  summary: 'Predicts the k-means units of masked frames, as HuBERT does (Hsu et al. 2021).',
  options,
  manyWorkers: true,
  views: () => ({ global: 1, local: 0 }),
  check: (_, { batch }) => leastBatch(batch, 2, 'masked-units: batch normalisation needs'),
  build({ options: chosen, bins, backbone, scope }) {
    const { units, unitSteps, span, startShare, temperature, projectionSize } = chosen;
    const network = backbone('student');
    const [headScope, unitScope] = [scope('prediction'), scope('units')];
    const inputs = network.layers?.frames?.size ?? 1;
    const fromFrames = denseLayer(headScope.child('frames'), { inputs, outputs: projectionSize });
    const fromEmbedding = denseLayer(headScope.child('embedding'), {
      inputs: network.embeddingSize,
      outputs: projectionSize,
      bias: false,
    });
    const vectors = headScope.param('units', [units, projectionSize], unitRows);
    const mask = headScope.param('mask', [bins], truncatedNormal(0.02));
    const unitsOf = learnedUnits(unitScope, units, heardBins(bins));

    return {
      trained: [...network.scope.params(), ...headScope.params()],
      networks: { student: network },
      schedule: ({ step }) => ({ step, first: step === 0 ? 1 : 0, learning: step < unitSteps ? 1 : 0 }),

      loss({ global }, schedule) {
        const [rows, frames] = global.shape as [number, number];
        const heard = heardFrames(global);
        const labels = unitsOf(tf.reshape(heard, [rows * frames, -1]), schedule);
        const masked = spansFrom(drawnStarts(rows, frames, startShare), span);
        const hidden = tf.expandDims(masked, 2);
        const input = tf.add(tf.mul(global, tf.sub(1, hidden)), tf.mul(mask.read(), hidden)) as Tensor;
        const { embeddings, outputs } = framesAndEmbeddings(network, input);
        const ofFrames = fromFrames(tf.reshape(checkFrames(outputs, frames), [rows * frames, inputs]));
        const joined = tf.add(tf.reshape(ofFrames, [rows, frames, -1]), tf.expandDims(fromEmbedding(embeddings), 1));
        const predictions = unit(tf.reshape(joined, [rows * frames, projectionSize]), 1);
        const scores = tf.div(tf.matMul(predictions, unit(vectors.read(), 1), false, true), temperature) as Tensor;
        const counted = tf.reshape(masked, [rows * frames]) as Tensor;
        const right = hits(scores, labels);
        return {
          loss: meanOfCounted(sparseSoftmaxCrossEntropy(scores, tf.cast(labels, 'int32') as Tensor), counted),
          metrics: {
            maskedAccuracy: meanOfCounted(stopGradient(right as Tensor), counted),
            maskedShare: tf.mean(masked),
          },
          embeddings,
        };
      },
    };
  },
});

/** 1 where a span begins, else 0: [rows, frames], this worker's part of one draw for the whole batch. */
function drawnStarts(rows: number, frames: number, share: number): Tensor {
  const draws = random.sharedUniform([workerCount() * rows, frames], 'masked-units/starts');
  return ownRows(tf.cast(tf.less(draws, share), 'float32') as Tensor);
}

/** Centres of units and how they learn. */
function learnedUnits(scope: Scope, units: number, size: number) {
  const centres = scope.buffer('centres', [units, size], 0);
  const counts = scope.buffer('counts', [units], 0);
  /**
   * The units of all frames [frames, size], by the centres that the step begins with: in the first one these are some of the frames. While
   * they are learned, the centres then move by all frames of the batch.
   */
  return (frames: Tensor, { first, learning }: Record<string, Tensor>): Tensor =>
    withoutGradient(() => {
      const draws = random.sharedUniform([1, units], 'masked-units/first');
      const drawn = wholeBatchFramesAt(placesIn(workerCount() * frames.shape[0], draws), frames);
      // Found before the move is noted: behind it a variable reads as moved.
      const nearest = nearestUnits(frames, chosenBy(first, drawn, centres.read()));
      const asRow = (scalar: Tensor): Tensor => tf.reshape(scalar, [1]);
      withWholeBatch([frames, draws, asRow(first), asRow(learning)], ([all, everyDraw, ...switches]) => {
        // Micro-batches have draws of their own, and the same switches.
        const [isFirst, moves] = switches.map((values): Tensor => tf.max(values));
        const places = placesIn(all.shape[0], tf.slice(everyDraw, [0, 0], [1, units]));
        const old = chosenBy(isFirst, tf.gather(all, places), centres.read());
        const moved = movedCentres(all, { centres: old, counts: counts.read() });
        centres.assign(chosenBy(moves, moved.centres, old));
        counts.assign(chosenBy(moves, moved.counts, counts.read()));
      });
      return nearest;
    });
}

/** Places among `count` frames, by `draws` [1, units] from 0 to 1. */
const placesIn = (count: number, draws: Tensor) =>
  tf.cast(tf.floor(tf.mul(tf.reshape(draws, [-1]), count)), 'int32') as ReturnType<typeof tf.tensor1d>;

/** Frames [units, size] at `places` of the whole batch, of which `frames` [frames, size] are this worker's. */
function wholeBatchFramesAt(places: ReturnType<typeof placesIn>, frames: Tensor): Tensor {
  if (workerCount() === 1) return tf.gather(frames, places);
  const chosen = tf.cast(tf.oneHot(places, workerCount() * frames.shape[0]), 'float32');
  // Each is with one worker, and zeros with the others: their sum is less to send than all frames.
  return wholeBatchSum(tf.matMul(ownRows(tf.transpose(chosen)), frames, true, false));
}

/** A network's embeddings, and its frames in front of the pooling where it hands them out. */
function framesAndEmbeddings({ embed }: Pick<Backbone, 'embed'>, features: Tensor) {
  let outputs: Tensor | undefined;
  const tap = (layer: string, output: Tensor) => {
    if (layer === 'frames') outputs = output;
  };
  return { embeddings: embed(features, { training: true, tap }), outputs };
}

/** The first where `switched` is 1, the other where it is 0. */
const chosenBy = (switched: Tensor, one: Tensor, other: Tensor): Tensor =>
  tf.add(tf.mul(switched, one), tf.mul(tf.sub(1, switched), other));
