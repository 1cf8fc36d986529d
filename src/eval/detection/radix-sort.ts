/** Scores in the precision they came in: widening them would only take memory. */
export type ScoreArray = Float32Array | Float64Array;

const DIGIT_BITS = 11;
const BUCKETS = 1 << DIGIT_BITS;
const PASSES = 3;
/** Below this, counting buckets costs more than comparing. */
const FEW = 4096;
const SHORT_RUN = 32;

/**
 * Sorts scores in place, ascending, in three passes of a radix sort (least significant digit first) over 32 bits: the whole of a
 * float32, the upper half of a float64, whose runs of equal upper halves are then sorted by comparison. Takes a second array of the
 * same size while it runs. -0 comes before 0, as in the sort of typed arrays.
 * @param scores not NaN
 */
export function sortFloats(scores: ScoreArray): void {
  if (scores.length < FEW) {
    scores.sort();
    return;
  }
  if (isSorted(scores)) return;
  const isDouble = scores instanceof Float64Array;
  const spare = isDouble ? new Float64Array(scores.length) : new Float32Array(scores.length);
  let [from, to]: ScoreArray[] = [scores, spare];
  const counts = countDigits(upperHalves(from), isDouble ? 1 : 0);
  for (let pass = 0; pass < PASSES; pass++) {
    const starts = counts.subarray(pass * BUCKETS, (pass + 1) * BUCKETS);
    if (starts.includes(scores.length)) continue;
    accumulate(starts);
    distribute(isDouble ? from : bitsOf(from), isDouble ? to : bitsOf(to), upperHalves(from), {
      starts,
      stride: isDouble ? 1 : 0,
      shift: pass * DIGIT_BITS,
    });
    [from, to] = [to, from];
  }
  if (from !== scores) scores.set(from);
  if (isDouble) sortRuns(scores);
}

function isSorted(scores: ScoreArray): boolean {
  for (let i = 1; i < scores.length; i++) if (!(scores[i - 1] <= scores[i])) return false;
  return true;
}

/** Two ascending lists as one. */
export function mergeSorted(a: Float64Array, b: Float64Array): Float64Array {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a;
  const merged = new Float64Array(a.length + b.length);
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const x = a[i];
    const y = b[j];
    // Without a branch, which would be guessed wrong every other time.
    const first = x <= y ? 1 : 0;
    merged[i + j] = first ? x : y;
    i += first;
    j += 1 - first;
  }
  merged.set(a.subarray(i), i + j);
  merged.set(b.subarray(j), i + j);
  return merged;
}

/** float32 values are moved as integers: nothing is converted on the way. */
const bitsOf = (scores: ScoreArray) => new Int32Array(scores.buffer, scores.byteOffset, scores.length);

/** The words that decide the order, from the first one on; every second one of doubles counts (little-endian). */
function upperHalves(scores: ScoreArray): Int32Array {
  const offset = scores instanceof Float64Array ? 4 : 0;
  return new Int32Array(scores.buffer, scores.byteOffset + offset, (scores.byteLength - offset) >> 2);
}

/** Order of the bits as that of the numbers: negative ones all flipped, the others' sign only. */
const orderedBits = (word: number): number => word ^ ((word >> 31) | 0x80000000);

/** Counts of each digit, for all passes at once. // [PASSES, BUCKETS] */
function countDigits(words: Int32Array, stride: 0 | 1): Uint32Array {
  const counts = new Uint32Array(PASSES * BUCKETS);
  for (let i = 0; i < words.length; i += 1 + stride) {
    const bits = orderedBits(words[i]);
    counts[bits & (BUCKETS - 1)]++;
    counts[BUCKETS + ((bits >>> DIGIT_BITS) & (BUCKETS - 1))]++;
    counts[2 * BUCKETS + (bits >>> (2 * DIGIT_BITS))]++;
  }
  return counts;
}

/** Counts become the place where each bucket starts. */
function accumulate(counts: Uint32Array): void {
  let start = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i];
    counts[i] = start;
    start += count;
  }
}

interface Pass {
  starts: Uint32Array;
  /** 1 where every second word counts. */
  stride: 0 | 1;
  shift: number;
}

function distribute<Values extends Int32Array | ScoreArray>(
  from: Values,
  to: Values,
  words: Int32Array,
  { starts, stride, shift }: Pass,
): void {
  for (let i = 0; i < from.length; i++) {
    const digit = (orderedBits(words[i << stride]) >>> shift) & (BUCKETS - 1);
    to[starts[digit]++] = from[i];
  }
}

/** Doubles in order of their upper halves: what shares one is sorted by the rest. */
function sortRuns(scores: Float64Array): void {
  const words = upperHalves(scores);
  for (let start = 0; start < scores.length; ) {
    let end = start + 1;
    let sorted = true;
    for (; end < scores.length && words[2 * end] === words[2 * start]; end++) sorted &&= scores[end - 1] <= scores[end];
    if (!sorted && end - start > SHORT_RUN) scores.subarray(start, end).sort();
    else if (!sorted) insertionSort(scores, start, end);
    start = end;
  }
}

function insertionSort(scores: Float64Array, start: number, end: number): void {
  for (let i = start + 1; i < end; i++) {
    const score = scores[i];
    let at = i;
    for (; at > start && scores[at - 1] > score; at--) scores[at] = scores[at - 1];
    scores[at] = score;
  }
}
