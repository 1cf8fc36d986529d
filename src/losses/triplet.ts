import {
  defineLoss,
  ownRows,
  squaredDistances,
  type Tensor,
  tf,
  unit,
  wholeBatchRows,
  withoutGradient,
  z,
} from '../index.js';
import { bySpeaker, comparesUtterances, utterancesPerSpeaker } from './parts/speaker-runs.js';

/**
 * Triplet loss: every utterance must lie nearer to one of its speaker than to one of another, by `margin` in squared distance:
 * max(0, |x - positive|^2 - |x - negative|^2 + margin).
 *
 * F. Schroff, D. Kalenichenko, J. Philbin, "FaceNet: A Unified Embedding for Face Recognition and Clustering", CVPR 2015,
 * arXiv:1503.03832; the hardest ones are those of A. Hermans, L. Beyer, B. Leibe, "In Defense of the Triplet Loss for Person
 * Re-Identification", 2017, arXiv:1703.07737.
 */
export default defineLoss({
  name: 'triplet',
  summary: 'Triplet loss over random, semi-hard or hardest negatives of the batch.',
  options: z.strictObject({
    utterancesPerSpeaker: utterancesPerSpeaker(2),
    margin: z.number().min(0).default(0.2).describe('of squared distances'),
    negatives: z
      .enum(['random', 'semi-hard', 'hardest'])
      .default('semi-hard')
      .describe(
        "semi-hard: the nearest that is farther than the positive, else the farthest; hardest: the nearest, and the farthest of the speaker's own (Hermans et al. 2017)",
      ),
    unitLength: z.boolean().default(true).describe('compare embeddings scaled to length 1'),
  }),
  ...comparesUtterances,
  hasMargin: ({ margin }) => margin > 0,
  build: ({ options: { utterancesPerSpeaker, margin, negatives, unitLength } }) => ({
    losses(embeddings, _labels, moment) {
      const x = wholeBatchRows(unitLength ? unit(embeddings, 1) : embeddings);
      const [speakers] = bySpeaker(x, utterancesPerSpeaker).shape as [number];
      const { positive, negative } = withoutGradient(() =>
        choosers[negatives](x, { speakers, utterances: utterancesPerSpeaker }),
      );
      const to = (places: Tensor): Tensor =>
        tf.sum(tf.square(tf.sub(x, tf.gather(x, places as ReturnType<typeof tf.tensor1d>))), 1);
      const excess = ownRows(tf.sub(to(positive), to(negative)));
      return { losses: tf.relu(tf.add(excess, tf.mul(moment.margin, margin))), plain: tf.relu(excess) };
    },
  }),
});

interface Runs {
  speakers: number;
  /** Of each speaker. */
  utterances: number;
}

/** For each row of `x`, the places of its positive and of its negative; both [rows] int32. */
const choosers = {
  random: (_: Tensor, runs: Runs) => ({ positive: nextOfSpeaker(runs), negative: sameOfNextSpeaker(runs) }),
  'semi-hard'(x: Tensor, runs: Runs) {
    const distances = squaredDistances(x, x);
    const same = sameSpeaker(runs);
    const positive = nextOfSpeaker(runs);
    const toPositive = tf.sum(tf.mul(distances, tf.cast(tf.oneHot(positive, x.shape[0]!), 'float32')), 1, true);
    const farther = tf.logicalAnd(tf.logicalNot(same), tf.greater(distances, toPositive));
    const nearest = tf.argMin(tf.where(farther, distances, FAR), 1);
    const farthest = tf.argMax(tf.where(same, -1, distances), 1);
    return { positive, negative: tf.where(tf.any(farther, 1), nearest, farthest) as Tensor };
  },
  hardest(x: Tensor, runs: Runs) {
    const distances = squaredDistances(x, x);
    const same = sameSpeaker(runs);
    const positive: Tensor = tf.argMax(tf.where(same, distances, -1), 1);
    return { positive, negative: tf.argMin(tf.where(same, FAR, distances), 1) as Tensor };
  },
};

const FAR = 3e38;

/** True where two rows are of the same speaker, [rows, rows]. */
function sameSpeaker(runs: Runs): Tensor {
  const speaker = placesOf(runs, (speaker) => speaker);
  return tf.equal(tf.expandDims(speaker, 1), tf.expandDims(speaker, 0));
}

const nextOfSpeaker = (runs: Runs): Tensor =>
  placesOf(runs, (speaker, utterance) => speaker * runs.utterances + ((utterance + 1) % runs.utterances));

/** Speakers of a batch are in random order: the next one is as random as any. */
const sameOfNextSpeaker = (runs: Runs): Tensor =>
  placesOf(runs, (speaker, utterance) => ((speaker + 1) % runs.speakers) * runs.utterances + utterance);

function placesOf({ speakers, utterances }: Runs, place: (speaker: number, utterance: number) => number): Tensor {
  const rows = [...Array(speakers * utterances).keys()];
  const places = rows.map((row) => place(Math.floor(row / utterances), row % utterances));
  return tf.tensor1d(places, 'int32');
}
