/** Losses that compare utterances, by plain loops in float64. `speakers[j][i]` is the i-th embedding of speaker j. */
import { squaredDistance } from './class-losses.js';
import { cosine, logSoftmax, type Rows } from './losses.js';

type Speakers = readonly Rows[];
type Similarity = (a: readonly number[], b: readonly number[]) => number;

/** Consecutive runs of `each` rows. */
export const speakersOf = (rows: Rows, each: number): Rows[] =>
  Array.from({ length: rows.length / each }, (_, j) => rows.slice(j * each, (j + 1) * each));

const meanOf = (rows: Rows): number[] =>
  rows[0].map((_, d) => rows.reduce((sum, row) => sum + row[d], 0) / rows.length);
export const unitOf = (row: readonly number[]): number[] => row.map((value) => value / Math.hypot(...row));

/** Each speaker's last utterance against the means of the other utterances: -log softmax over speakers. // [speakers] */
export const prototypicalLosses = (speakers: Speakers, similarity: Similarity): number[] => {
  const means = speakers.map((rows) => meanOf(rows.slice(0, -1)));
  return speakers.map((rows, j) => -logSoftmax(means.map((mean) => similarity(rows.at(-1)!, mean)))[j]);
};

export const minusSquaredDistance: Similarity = (a, b) => -squaredDistance(a, b);
export const scaledCosine =
  (w: number, b: number): Similarity =>
  (x, y) =>
    w * cosine(x, y) + b;

/** GE2E over unit embeddings: one loss for each utterance, speaker by speaker. */
export function ge2eLosses(utterances: Speakers, form: 'softmax' | 'contrast', similarity: Similarity): number[] {
  const speakers = utterances.map((rows) => rows.map(unitOf));
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  return speakers.flatMap((rows, j) =>
    rows.map((row, i) => {
      const means = speakers.map((others, k) => meanOf(k === j ? others.filter((_, at) => at !== i) : others));
      const scores = means.map((mean) => similarity(row, mean));
      if (form === 'softmax') return -logSoftmax(scores)[j];
      return 1 - sigmoid(scores[j]) + Math.max(...scores.filter((_, k) => k !== j).map(sigmoid));
    }),
  );
}

/** Triplets with each utterance as the anchor once, speaker by speaker. */
export function tripletLosses(
  speakers: Speakers,
  { negatives, margin }: { negatives: 'random' | 'semi-hard' | 'hardest'; margin: number },
): number[] {
  return speakers.flatMap((rows, j) =>
    rows.map((row, i) => {
      const distance = (to: readonly number[]) => squaredDistance(row, to);
      const others = speakers
        .filter((_, k) => k !== j)
        .flat()
        .map(distance);
      const next = distance(rows[(i + 1) % rows.length]);
      const farther = others.filter((value) => value > next);
      const [positive, negative] = {
        random: [next, distance(speakers[(j + 1) % speakers.length][i])],
        'semi-hard': [next, farther.length > 0 ? Math.min(...farther) : Math.max(...others)],
        hardest: [Math.max(...rows.map(distance)), Math.min(...others)],
      }[negatives];
      return Math.max(0, positive - negative + margin);
    }),
  );
}
