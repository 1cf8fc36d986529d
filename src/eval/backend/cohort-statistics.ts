/** Rows scored against the cohort at once: the only scores held in memory besides the trials' own. */
const BLOCK_ROWS = 64;

/** Mean and standard deviation (divided by the number) of each row's largest cohort scores. */
export interface CohortStatistics {
  /** [rows] */
  mean: Float64Array;
  /** [rows] */
  deviation: Float64Array;
}

/** The rows of speakers that no trial is about. */
export interface Cohort {
  /** [speakers] rows as PairScorer.test makes them. */
  rows: readonly Float64Array[];
  /** Number of best-scoring speakers that are used; all when there are fewer. */
  top: number;
}

/**
 * Scores each row against the cohort, block by block, and keeps two numbers of each.
 * @param rowOf the row (as PairScorer.enrol makes it) of the i-th of `count`
 * @param without the cohort speaker that the i-th is, or -1: nobody is an impostor to themselves
 */
export function cohortStatistics(
  count: number,
  rowOf: (i: number) => Float64Array,
  { rows: cohort, top }: Cohort,
  without: (i: number) => number = () => -1,
): CohortStatistics {
  const mean = new Float64Array(count);
  const deviation = new Float64Array(count);
  const scores = Array.from({ length: BLOCK_ROWS }, () => new Float64Array(cohort.length));
  for (let start = 0; start < count; start += BLOCK_ROWS) {
    const rows = Array.from({ length: Math.min(BLOCK_ROWS, count - start) }, (_, i) => rowOf(start + i));
    scoreBlock(rows, cohort, scores);
    for (let i = 0; i < rows.length; i++) {
      const left = without(start + i);
      if (left >= 0) scores[i][left] = Number.NEGATIVE_INFINITY;
      const kept = Math.min(top, cohort.length - (left >= 0 ? 1 : 0));
      topValuesToFront(scores[i], kept);
      [mean[start + i], deviation[start + i]] = momentsOf(scores[i].subarray(0, kept));
    }
  }
  return { mean, deviation };
}

/** All rows against all of the cohort, four of one and two of the other at once, so that loaded values are reused. */
function scoreBlock(rows: readonly Float64Array[], cohort: readonly Float64Array[], scores: Float64Array[]): void {
  const tile = new Float64Array(8);
  for (let c = 0; c < cohort.length; c += 2) {
    for (let r = 0; r < rows.length; r += 4) {
      scoreTile(rows, r, cohort, c, tile);
      for (let i = r; i < Math.min(r + 4, rows.length); i++) {
        scores[i][c] = tile[2 * (i - r)];
        if (c + 1 < cohort.length) scores[i][c + 1] = tile[2 * (i - r) + 1];
      }
    }
  }
}

/** Dot products of four rows with two of the cohort; past an end the last one is repeated. // tile: [4, 2] */
function scoreTile(
  rows: readonly Float64Array[],
  r: number,
  cohort: readonly Float64Array[],
  c: number,
  tile: Float64Array,
): void {
  const last = rows.length - 1;
  const row0 = rows[r];
  const row1 = rows[Math.min(r + 1, last)];
  const row2 = rows[Math.min(r + 2, last)];
  const row3 = rows[Math.min(r + 3, last)];
  const speaker0 = cohort[c];
  const speaker1 = cohort[Math.min(c + 1, cohort.length - 1)];
  let [s00, s01, s10, s11, s20, s21, s30, s31] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < row0.length; i++) {
    const x0 = speaker0[i];
    const x1 = speaker1[i];
    s00 += row0[i] * x0;
    s01 += row0[i] * x1;
    s10 += row1[i] * x0;
    s11 += row1[i] * x1;
    s20 += row2[i] * x0;
    s21 += row2[i] * x1;
    s30 += row3[i] * x0;
    s31 += row3[i] * x1;
  }
  tile.set([s00, s01, s10, s11, s20, s21, s30, s31]);
}

function momentsOf(values: Float64Array): [mean: number, deviation: number] {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return [mean, Math.sqrt(squares / values.length)];
}

/**
 * Moves the `count` largest values to the front, in no order, in place (Hoare's selection with medians of three: linear time on
 * average, ties included). All of them when there are no more.
 */
export function topValuesToFront(values: Float64Array, count: number): void {
  let low = 0;
  let high = values.length - 1;
  while (low < high && count > low && count <= high) {
    const pivot = medianOfThree(values[low], values[(low + high) >> 1], values[high]);
    let left = low;
    let right = high;
    while (left <= right) {
      while (values[left] > pivot) left++;
      while (values[right] < pivot) right--;
      if (left > right) break;
      const swapped = values[left];
      values[left++] = values[right];
      values[right--] = swapped;
    }
    // Now low..right >= pivot >= left..high, and what lies between equals the pivot.
    if (count <= right + 1) high = right;
    else if (count > left) low = left;
    else return;
  }
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
