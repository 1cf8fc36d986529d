import {
  adjustedRand,
  type Clustering,
  createRng,
  indicesUpTo,
  type Metric,
  preparePoints,
  type Rng,
  takeRows,
  UserError,
  z,
} from '../../src/index.js';
import { oneCloud } from './one-cloud.js';
import { isExactFor, SAMPLE_ROWS, sampleRows, silhouette } from './silhouette.js';

const wholeNumber = z.number().int().positive();

const range = z.strictObject({
  from: wholeNumber.describe('fewest clusters to try'),
  to: wholeNumber.describe('most clusters to try'),
  steps: z.number().int().min(2).default(8).describe('how many numbers to try, each the same factor above the last'),
  by: z
    .enum(['silhouette', 'contrast', 'stability', 'gain'])
    .default('silhouette')
    .describe(
      'largest silhouette, largest silhouette above that of one cloud without clusters, agreement of two samples, or knee of the inertia',
    ),
});

/** An option `clusters`: a number of clusters, or `{from, to, steps, by}` to choose it from (see {@link chooseClusters}). */
export const clusterRange = () => z.union([wholeNumber, range]);

/** Numbers of clusters to try: `steps` of them from `from` to `to`, each the same factor above the last. */
export type ClusterRange = z.output<typeof range>;

/** The data to cluster, as a clustering plugin gets it. */
interface Rows {
  /** [rows, size] row-major. */
  points: Float32Array;
  rows: number;
  size: number;
}

/** Prepares to cluster some rows; the function that it returns clusters them into any number of clusters, in any order. */
export type Clusterer = (points: Float32Array, rows: number) => Promise<(clusters: number) => Promise<Clustering>>;

/** Samples of `stability` and their share of the rows: two of them have about half of the rows in common. */
const SAMPLES = 3;
const SAMPLE_SHARE = 0.7;
/** Clouds that the rows are compared with; one is enough for as many rows as a sample has. */
const CLOUDS = 3;
/**
 * Silhouettes that are higher than a cloud's by less show no clusters: docs/results.md (Learning from a folder) has those of one voice and
 * of several.
 */
export const LEAST_CONTRAST = 0.05;
/**
 * Contrasts that are this near to the largest are as good, and the most clusters are taken: groups of voices, as men and women or two
 * microphones, stand out as well as voices do.
 */
const NEAR_CONTRAST = 0.012;
/** Inertias below this share of the first are rounding. */
const LEAST_INERTIA = 1e-9;

/**
 * The numbers of clusters of a range, ascending, all of them where there are no more than steps.
 * @throws UserError for an impossible range
 */
export function candidatesOf({ from, to, steps }: ClusterRange, rows: number): number[] {
  if (from > to) throw new UserError(`clusters: from ${from} is above to ${to}. Swap them.`);
  if (to > rows)
    throw new UserError(`clusters: to ${to} is above the number of rows, ${rows}. Ask for at most ${rows}.`);
  if (to - from < steps) return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const factor = (i: number) => (to / from) ** (i / Math.max(1, steps - 1));
  return [...new Set(Array.from({ length: steps }, (_, i) => Math.round(from * factor(i))))];
}

/**
 * Chooses the number of clusters without labels and returns the clustering of all rows with it. `silhouette`: the largest mean silhouette
 * of a sample. `contrast`: the most clusters whose silhouette is nearly the most above that of rows drawn from one Gaussian cloud with the
 * same covariance and clustered in the same way; one cluster where none is by {@link LEAST_CONTRAST}. `stability`: the largest number
 * whose clusterings of random samples agree, where these overlap, as well as those of any other number (mean adjusted Rand index of three
 * pairs). `gain`: the knee of the inertia, where the fall of its logarithm by that of the number slows down most; the ends of the range are
 * compared only where there is nothing else. A table goes to the log.
 */
export async function chooseClusters(
  data: Rows & { metric: Metric; seed: number },
  range: ClusterRange,
  cluster: Clusterer,
  log: (line: string) => void,
): Promise<Clustering> {
  const { points, rows, seed } = data;
  const candidates = candidatesOf(range, rows);
  const rng = createRng(seed).fork('choose-k');
  const clusterInto = await cluster(points, rows);
  if (candidates.length === 1) return clusterInto(candidates[0]);
  const measures =
    range.by === 'stability'
      ? await stabilities(data, candidates, cluster, rng)
      : await measureAll(data, candidates, clusterInto, { by: range.by, rng });
  if (range.by === 'contrast') {
    const clouds = await cloudSilhouettes(data, candidates, cluster, rng);
    clouds.forEach((silhouette, i) => {
      measures[i] -= silhouette;
    });
  }
  const best = bestOf(range.by, candidates, measures);
  log(`clusters by ${range.by}:`);
  candidates.forEach((clusters, i) => {
    const measure = `${MEASURES[range.by]} ${measures[i].toPrecision(5)}`;
    log(`  ${String(clusters).padStart(6)}  ${measure}${i === best ? '  <- chosen' : ''}`);
  });
  if (best < 0) log(`  no silhouette is ${LEAST_CONTRAST} above that of one cloud: one cluster`);
  return clusterInto(best < 0 ? 1 : candidates[best]);
}

const MEASURES = {
  silhouette: 'silhouette',
  contrast: "silhouette above one cloud's",
  stability: 'adjusted Rand index',
  gain: 'inertia',
};

/** The inertia or silhouette of each candidate. */
async function measureAll(
  { points, rows, size, metric }: Rows & { metric: Metric },
  candidates: number[],
  clusterInto: (clusters: number) => Promise<Clustering>,
  { by, rng }: { by: 'silhouette' | 'contrast' | 'gain'; rng: Rng },
): Promise<number[]> {
  const prepared = preparePoints(points, rows, size, metric);
  const sample = sampleRows(rows, rng);
  const isExact = isExactFor(sample, rows, candidates.at(-1)!);
  const measures: number[] = [];
  for (const clusters of candidates) {
    const clustering = await clusterInto(clusters);
    measures.push(by === 'gain' ? clustering.inertia : silhouette(prepared, clustering, { sample, isExact }));
  }
  return measures;
}

/** The mean silhouettes of rows without clusters, for each candidate. */
async function cloudSilhouettes(
  data: Rows & { metric: Metric },
  candidates: number[],
  cluster: Clusterer,
  rng: Rng,
): Promise<number[]> {
  const { points, rows, size, metric } = data;
  const clouds = rows <= SAMPLE_ROWS ? CLOUDS : 1;
  const means = candidates.map(() => 0);
  for (let i = 0; i < clouds; i++) {
    const cloud = oneCloud(preparePoints(points, rows, size, metric), rng.fork(i));
    const clusterInto = await cluster(cloud, rows);
    const silhouettes = await measureAll({ ...data, points: cloud }, candidates, clusterInto, {
      by: 'silhouette',
      rng: rng.fork('sample'),
    });
    silhouettes.forEach((silhouette, k) => {
      means[k] += silhouette / clouds;
    });
  }
  return means;
}

/** The index of the chosen candidate; -1 for one cluster, which none of them is. */
export function bestOf(by: ClusterRange['by'], candidates: number[], measures: number[]): number {
  const most = Math.max(...measures);
  if (by === 'contrast') {
    return most < LEAST_CONTRAST ? -1 : measures.findLastIndex((measure) => measure >= most - NEAR_CONTRAST);
  }
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

/** The mean adjusted Rand index of the clusterings of three samples, for each candidate. */
async function stabilities(
  { points, rows, size }: Rows,
  candidates: number[],
  cluster: Clusterer,
  rng: Rng,
): Promise<number[]> {
  const count = Math.min(rows, Math.max(Math.ceil(SAMPLE_SHARE * rows), candidates[candidates.length - 1]));
  const samples = Array.from({ length: SAMPLES }, (_, i) =>
    rng.fork(i).shuffle(indicesUpTo(rows)).slice(0, count).sort(),
  );
  const clusterers = await Promise.all(samples.map((sample) => cluster(takeRows(points, size, sample), count)));
  const measures: number[] = [];
  for (const clusters of candidates) {
    const labels: Int32Array[] = [];
    for (const [i, clusterInto] of clusterers.entries()) {
      labels.push(spread((await clusterInto(clusters)).labels, samples[i], rows));
    }
    const pairs = labels.flatMap((first, i) => labels.slice(i + 1).map((second) => agreement(first, second)));
    measures.push(pairs.reduce((sum, index) => sum + index, 0) / pairs.length);
  }
  return measures;
}

/** Marks a row that is not in a sample. */
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
