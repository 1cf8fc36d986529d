import { SAMPLE_RATE_HZ } from '../sample-rate.js';

// Lengths are multiples of 10 ms, the usual hop of the features, and go down to half a second.
const GRAIN_SAMPLES = 160;
const ONE_SECOND_SAMPLES = SAMPLE_RATE_HZ;

/** Utterances of similar length that go through one static shape, [rows, samples]. */
export interface LengthBatch {
  /** Numbers of the utterances; there may be fewer than rows. // [<= rows] */
  indices: Int32Array;
  /** Padded length. */
  samples: number;
  /** Rows of the shape, the same for all batches of a length: a power of two, or three halves of one. */
  rows: number;
}

export interface BucketOptions {
  /** Upper bound of rows * samples, except that a batch has at least one row. */
  maxBatchSamples: number;
  /** Lengths per doubling. More waste less padding and need more shapes. Default: 2 (10 shapes from 1 to 20 s). */
  bucketsPerOctave?: number;
  /** The longest length that anything is padded to, for pieces that are no longer. Default: no limit. */
  maxSamples?: number;
}

/**
 * Groups utterances by length, so that any lengths go through few static shapes: each is padded to the next of the
 * lengths 1 s * 2^(k / bucketsPerOctave), from 0.5 s up. Longest first: what does not fit in memory shows at once.
 * Every utterance with at least one sample is in exactly one batch.
 */
export function lengthBuckets(
  samplesList: Int32Array | readonly number[],
  { maxBatchSamples, bucketsPerOctave = 2, maxSamples = Number.POSITIVE_INFINITY }: BucketOptions,
): LengthBatch[] {
  const buckets = new Map<number, number[]>();
  samplesList.forEach((samples: number, index: number) => {
    const padded = Math.min(paddedLength(samples, bucketsPerOctave), maxSamples);
    const bucket = buckets.get(padded);
    if (bucket) bucket.push(index);
    else buckets.set(padded, [index]);
  });
  return [...buckets]
    .sort(([a], [b]) => b - a)
    .flatMap(([samples, indices]) => split(indices, samples, rowsFor(indices.length, samples, maxBatchSamples)));
}

/** The shortest length of the ladder that holds `samples`. */
function paddedLength(samples: number, bucketsPerOctave: number): number {
  const rung = (k: number) =>
    Math.ceil((ONE_SECOND_SAMPLES * 2 ** (k / bucketsPerOctave)) / GRAIN_SAMPLES) * GRAIN_SAMPLES;
  // The logarithm may be off by a rounding error at a rung, and a rung is rounded up: begin one below and climb.
  let k = Math.floor(Math.log2(samples / ONE_SECOND_SAMPLES) * bucketsPerOctave) - 1;
  k = Math.max(k, -bucketsPerOctave);
  while (rung(k) < samples) k++;
  return rung(k);
}

/**
 * Rows of a batch: the utterances of this length in equal batches, as few as the bound allows. Powers of two and what lies half-way between
 * them make few shapes for lists that come in pieces, and few rows that repeat an utterance.
 */
function rowsFor(utterances: number, samples: number, maxBatchSamples: number): number {
  const allowed = 2 ** Math.floor(Math.log2(Math.max(1, maxBatchSamples / samples)));
  const rows = Math.ceil(utterances / Math.ceil(utterances / allowed));
  const above = 2 ** Math.ceil(Math.log2(rows));
  return rows <= 0.75 * above ? Math.ceil(0.75 * above) : above;
}

function split(indices: readonly number[], samples: number, rows: number): LengthBatch[] {
  return Array.from({ length: Math.ceil(indices.length / rows) }, (_, i) => ({
    indices: Int32Array.from(indices.slice(i * rows, (i + 1) * rows)),
    samples,
    rows,
  }));
}
