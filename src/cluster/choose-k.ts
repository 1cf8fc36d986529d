import { UserError } from '../errors.js';
import { adjustedRand } from '../eval/clustering-metrics.js';
import { createRng } from '../random.js';
import type { Clustering } from './clustering.js';
import { type Metric, preparePoints } from './points.js';
import { sampleRows, silhouette } from './silhouette.js';

/** How a number of clusters is chosen without labels. */
export type Criterion = 'silhouette' | 'stability' | 'gain';

/** Numbers of clusters to try: `steps` of them from `from` to `to`, each the same factor above the last. */
export interface ClusterRange {
  from: number;
  to: number;
  steps: number;
  by: Criterion;
}

/** Clusters some rows; what it returns clusters them into any number, for `clusters` in any order. */
export type Clusterer = (points: Float32Array, rows: number) => Promise<(clusters: number) => Promise<Clustering>>;

/** Samples of `stability` and their share of the rows: two of them have about half of the rows in common. */
const SAMPLES = 3;
const SAMPLE_SHARE = 0.7;
/** Inertias below this share of the first are rounding. */
const LEAST_INERTIA = 1e-9;

/** The numbers of clusters of a range, ascending, all of them where there are no more than steps; throws a UserError where the range is none. */
export function candidatesOf({ from, to, steps }: ClusterRange, rows: number): number[] {
  if (from > to) throw new UserError(`clusters: from ${from} is above to ${to}.`);
  if (to > rows)
    throw new UserError(`clusters: to ${to} is above the number of rows, ${rows}. Ask for at most ${rows}.`);
  if (to - from < steps) return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const factor = (i: number) => (to / from) ** (i / Math.max(1, steps - 1));
  return [...new Set(Array.from({ length: steps }, (_, i) => Math.round(from * factor(i))))];
}

/**
 * Chooses the number of clusters without labels and returns the clustering of all rows with it. `silhouette`: the largest mean
 * silhouette of a sample. `stability`: the largest number whose clusterings of random samples agree, where these
 * overlap, as well as those of any other number (mean adjusted Rand index of three pairs). `gain`: the knee of the inertia, where the fall of its logarithm by
 * that of the number slows down most; the ends of the range are compared only where there is nothing else. A table goes to the log.
 */
export async function chooseClusters(
  given: { points: Float32Array; rows: number; size: number; metric: Metric; seed: number },
  range: ClusterRange,
  cluster: Clusterer,
  log: (line: string) => void,
): Promise<Clustering> {
  const { points, rows, size, metric } = given;
  const candidates = candidatesOf(range, rows);
  const rng = createRng(given.seed).fork('choose-k');
  const whole = await cluster(points, rows);
  if (candidates.length === 1) return whole(candidates[0]);
  const found: Clustering[] = [];
  const measures: number[] = [];
  if (range.by === 'stability') {
    measures.push(...(await stabilities(given, candidates, cluster, rng)));
  } else {
    // Of clusterings only one is kept: all their centres would take much memory.
    const prepared = preparePoints(points, rows, size, metric);
    const sample = sampleRows(rows, rng);
    for (const clusters of candidates) {
      const result = await whole(clusters);
      measures.push(range.by === 'gain' ? result.inertia : silhouette(prepared, result, sample));
      if (range.by === 'silhouette' && measures.every((measure) => measure <= measures[measures.length - 1])) {
        found[0] = result;
      }
    }
  }
  const best = bestOf(range.by, candidates, measures);
  const what = range.by === 'gain' ? 'inertia' : range.by === 'silhouette' ? 'silhouette' : 'adjusted Rand index';
  log(`clusters by ${range.by}:`);
  candidates.forEach((clusters, i) => {
    log(`  ${String(clusters).padStart(6)}  ${what} ${measures[i].toPrecision(5)}${i === best ? '  <- chosen' : ''}`);
  });
  return found[0]?.clusters === candidates[best] ? found[0] : whole(candidates[best]);
}

/** The index of the chosen candidate. */
export function bestOf(by: Criterion, candidates: number[], measures: number[]): number {
  const most = Math.max(...measures);
  if (by === 'silhouette') return measures.indexOf(most);
  if (by === 'stability') {
    // Splitting one of k equal clusters costs some 1 / (2 k), shaving off a part of it less.
    return measures.findLastIndex((measure, i) => measure >= most - 0.05 / candidates[i]);
  }
  const logs = measures.map((inertia) => Math.log(Math.max(inertia, LEAST_INERTIA * measures[0], Number.MIN_VALUE)));
  const fall = (i: number) => (logs[i - 1] - logs[i]) / Math.log(candidates[i] / candidates[i - 1]);
  if (candidates.length === 2) return fall(1) > 1 ? 1 : 0;
  let [best, largest] = [1, Number.NEGATIVE_INFINITY];
  for (let i = 1; i + 1 < candidates.length; i++) {
    const knee = fall(i) - fall(i + 1);
    if (knee > largest) [best, largest] = [i, knee];
  }
  return best;
}

async function stabilities(
  { points, rows, size }: { points: Float32Array; rows: number; size: number },
  candidates: number[],
  cluster: Clusterer,
  rng: ReturnType<typeof createRng>,
): Promise<number[]> {
  const count = Math.min(rows, Math.max(Math.ceil(SAMPLE_SHARE * rows), candidates[candidates.length - 1]));
  const samples = Array.from({ length: SAMPLES }, (_, i) => {
    const order = new Int32Array(rows).map((_, row) => row);
    return rng.fork(i).shuffle(order).slice(0, count).sort();
  });
  const into = await Promise.all(samples.map((sample) => cluster(rowsOf(points, sample, size), count)));
  const measures: number[] = [];
  for (const clusters of candidates) {
    const labels: Int32Array[] = [];
    for (const [i, of] of into.entries()) labels.push(spread((await of(clusters)).labels, samples[i], rows));
    const pairs = labels.flatMap((first, i) => labels.slice(i + 1).map((second) => agreement(first, second)));
    measures.push(pairs.reduce((sum, index) => sum + index, 0) / pairs.length);
  }
  return measures;
}

/** Stands for a row that is not in a sample. */
const ABSENT = -2;

/** Labels of a sample as labels of all rows. */
function spread(labels: Int32Array, sample: Int32Array, rows: number): Int32Array {
  const all = new Int32Array(rows).fill(ABSENT);
  sample.forEach((row, place) => {
    all[row] = labels[place];
  });
  return all;
}

/** Adjusted Rand index over the rows that are in both samples. */
function agreement(first: Int32Array, second: Int32Array): number {
  const shared = (_: number, row: number) => first[row] !== ABSENT && second[row] !== ABSENT;
  return adjustedRand(first.filter(shared), second.filter(shared));
}

function rowsOf(points: Float32Array, rows: Int32Array, size: number): Float32Array {
  const result = new Float32Array(rows.length * size);
  rows.forEach((row, i) => void result.set(points.subarray(row * size, (row + 1) * size), i * size));
  return result;
}
