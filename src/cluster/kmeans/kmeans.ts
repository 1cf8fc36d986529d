import type { Session } from '../../engine/session/session.js';
import { UserError } from '../../errors.js';
import { createRng } from '../../random.js';
import type { Clustering } from '../clustering.js';
import { type Metric, type Points, preparePoints, shifted } from '../points.js';
import { type Assign, createAssign } from './assign.js';
import { boundsPay, createBoundedAssign } from './bounded-assign.js';
import { type Iteration, type LloydOptions, type LloydResult, lloyd } from './lloyd.js';
import { createPasses } from './mini-batch-passes.js';
import { createSeedCenters, type SeedMethod } from './seed-centers.js';

/** What to cluster and how. */
export interface KMeansOptions {
  /** [rows, size] row-major; neither changed nor copied. */
  points: Float32Array;
  rows: number;
  size: number;
  clusters: number;
  /** `cosine`: spherical k-means (Dhillon and Modha 2001), over the directions of the rows. */
  metric: Metric;
  seed: number;
  /** The most iterations of one start. 0 assigns the points to the first centres and does nothing else. */
  iterations: number;
  /** Starts from different first centres, of which the one with the least inertia is returned. */
  restarts: number;
  /** How first centres are found, k-means++ by default; or centres [clusters, size], with which there is one start. */
  init?: SeedMethod | Float32Array;
  /** Rows of a mini-batch; an iteration is then a pass over all rows in batches. By default every iteration takes all rows at once. */
  batch?: number;
  /** Whether bounds of the distances spare comparisons, with the same result; by default where they pay. */
  bounds?: boolean;
  /** One line a start. */
  log?(line: string): void;
  onIteration?(iteration: Iteration & { restart: number }): void;
  signal?: AbortSignal;
}

/**
 * k-means on the session's device. First centres by greedy k-means++ or k-means||, Lloyd's iterations by blocked matrix products, empty clusters
 * given the points farthest from their centres. The same seed gives the same clusters. Beyond the points it takes some
 * blocks, 16 bytes a point, the centres a few times over and, where bounds pay, another 41 bytes a point. Its variables stay until the session closes: give it a session of its own.
 *
 * Throws a UserError for more clusters than different points, NaN, rows of zeros (by cosine) and first centres of another shape.
 */
export async function kmeans(session: Session, options: KMeansOptions): Promise<Clustering> {
  const { rows, size, clusters, metric, init, seed, iterations, signal, log, onIteration } = options;
  checkClusters(clusters, rows);
  const points = preparePoints(options.points, rows, size, metric);
  const name = `kmeans-${session.variables.size}`;
  const given = init instanceof Float32Array ? preparedCenters(init, points, clusters) : undefined;
  const begin = createStart(session, points, options, name);
  const method = typeof init === 'string' ? init : 'k-means++';
  const seedCenters = given ? async () => given : createSeedCenters(session, points, { clusters, method, name });
  const restarts = given ? 1 : options.restarts;
  const iterate = createIterations(session, points, options, { begin, name });

  let best: LloydResult | undefined;
  for (let restart = 1; restart <= restarts; restart++) {
    const rng = createRng(seed).fork(`kmeans/${restart}`);
    const start = await seedCenters(rng, signal);
    const found = await iterate(start, {
      ...{ iterations, signal, rng: rng.fork('mend') },
      onIteration: (iteration) => onIteration?.({ ...iteration, restart }),
    });
    const end = found.iterations < iterations ? 'settled' : 'stopped';
    log?.(
      `k-means ${restart}/${restarts}: inertia ${found.inertia.toPrecision(6)}, ${end} after ${found.iterations} iterations`,
    );
    if (!best || found.inertia < best.inertia) best = found;
  }
  const { labels, centers, iterations: done, inertia } = best!;
  return { labels, clusters, iterations: done, inertia, centers: shifted(centers, points, 1) };
}

/** Lloyd's iterations or mini-batches, from first centres on. */
function createIterations(
  session: Session,
  points: Points,
  { batch, clusters }: KMeansOptions,
  given: { begin: () => Assign; name: string },
): (start: Float32Array, options: LloydOptions) => Promise<LloydResult> {
  const { begin, name } = given;
  if (batch === undefined) return (start, options) => lloyd(points, begin(), start, options);
  if (!Number.isInteger(batch) || batch < 1) {
    throw new UserError(`A mini-batch of ${batch} rows was asked for; it must be a whole number of at least 1.`);
  }
  const passes = createPasses(session, points, { clusters, batch: Math.min(batch, points.rows), name });
  return (start, options) => passes(start, begin(), options);
}

/** What begins a start: one assignment for all, or one that remembers bounds from iteration to iteration. */
function createStart(session: Session, points: Points, options: KMeansOptions, name: string): () => Assign {
  const { rows, clusters, iterations } = options;
  if (options.bounds ?? (iterations > 1 && options.batch === undefined && boundsPay(rows, clusters))) {
    return createBoundedAssign(session, points, clusters, name);
  }
  const assign = createAssign(session, points, clusters, name);
  return () => assign;
}

/** Throws a UserError unless `clusters` is a whole number from 1 to `rows`. */
export function checkClusters(clusters: number, rows: number): void {
  if (!Number.isInteger(clusters) || clusters < 1) {
    throw new UserError(`${clusters} clusters were asked for; it must be a whole number of at least 1.`);
  }
  if (clusters > rows) {
    throw new UserError(
      `${clusters} clusters were asked for, but there are only ${rows} rows. Ask for at most ${rows}.`,
    );
  }
}

/** Given centres as k-means works on them: of length 1 by cosine, about the points' mean by l2. */
function preparedCenters(init: Float32Array, points: Points, clusters: number): Float32Array {
  const { size, metric } = points;
  if (init.length !== clusters * size) {
    throw new UserError(
      `The first centres hold ${init.length} numbers; ${clusters} clusters of ${size} numbers take ${clusters * size}.`,
    );
  }
  if (init.some((value) => !Number.isFinite(value)))
    throw new UserError('The first centres hold NaN or infinite numbers.');
  if (metric === 'l2') return shifted(init, points, -1);
  const centers = init.slice();
  for (let at = 0; at < centers.length; at += size) {
    const center = centers.subarray(at, at + size);
    const length = Math.sqrt(center.reduce((sum, value) => sum + value * value, 0));
    if (length === 0) throw new UserError(`First centre ${at / size} holds only zeros: it has no direction.`);
    for (let j = 0; j < size; j++) center[j] /= length;
  }
  return centers;
}
