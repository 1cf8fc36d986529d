import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { type BucketOptions, type LengthBatch, lengthBuckets } from './length-buckets.js';

/** The longest stretch that goes through a network at once; it bounds the memory, not what is heard. */
const MOST_SAMPLES = 120 * SAMPLE_RATE_HZ;

/** Utterances, or stretches of them, of similar length. Rows past `indices.length` repeat the first one; discard their results. */
export interface UtteranceBatch extends PlannedBatch {
  /** int16 samples, zeros behind the end of each row. // [rows, samples] */
  pcm: Int16Array;
  /** Samples of each row that are audio. // [rows] */
  lengths: Int32Array;
}

/** Utterances of 16 kHz int16 audio, by number. */
export interface Utterances {
  /** Samples of each utterance. */
  samples: ArrayLike<number>;
  /** Fills `into` with an utterance from sample `start` on; the stretch lies inside the utterance. */
  read(utterance: number, start: number, into: Int16Array): void;
}

/** A part of an utterance, in samples. */
export interface Stretch {
  utterance: number;
  start: number;
  samples: number;
}

/** All of each utterance, in order: in one stretch, or in equal ones (to a sample) where it is longer than `most`, two minutes. */
export function stretchesOf(samples: ArrayLike<number>, most = MOST_SAMPLES): Stretch[] {
  return Array.from(samples).flatMap((length, utterance) => {
    const parts = Math.max(1, Math.ceil(length / most));
    const edge = (part: number) => Math.floor((part * length) / parts);
    return Array.from({ length: parts }, (_, part) => {
      const start = edge(part);
      return { utterance, start, samples: edge(part + 1) - start };
    });
  });
}

/** A batch of a plan; `indices` are numbers of stretches. */
export interface PlannedBatch extends LengthBatch {
  /** The step of its random draws: no other batch of a plan has the same, whoever computes it and when. Default: 0. */
  draw?: number;
}

/** All stretches once, in batches of few static shapes (see `lengthBuckets`). @param firstDraw of the first batch */
export const planBatches = (
  stretches: readonly Stretch[],
  { firstDraw = 0, ...options }: BucketOptions & { firstDraw?: number },
): PlannedBatch[] =>
  lengthBuckets(
    stretches.map(({ samples }) => samples),
    options,
  ).map((batch, i) => ({ ...batch, draw: firstDraw + i }));

/** Reads one batch of a plan after the other. */
export function* stretchBatches(
  stretches: readonly Stretch[],
  utterances: Utterances,
  batches: readonly PlannedBatch[],
): Generator<UtteranceBatch, void, void> {
  for (const batch of batches) {
    const { indices, samples, rows } = batch;
    const stretchOf = (row: number) => stretches[indices[row < indices.length ? row : 0]];
    const pcm = new Int16Array(rows * samples);
    for (let row = 0; row < rows; row++) {
      const { utterance, start, samples: length } = stretchOf(row);
      utterances.read(utterance, start, pcm.subarray(row * samples, row * samples + length));
    }
    yield { ...batch, pcm, lengths: new Int32Array(rows).map((_, row) => stretchOf(row).samples) };
  }
}
