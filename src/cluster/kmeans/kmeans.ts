import { type Exchange, fromFirst } from '../../engine/session/exchange.js';
import type { Session } from '../../engine/session/session.js';
import { UserError } from '../../errors.js';
import { createRng } from '../../random.js';
import { norm } from '../../rows.js';
import type { Clustering } from '../clustering.js';
import { type Metric, type Points, preparePoints, shifted } from '../points.js';
import { type Assigner, createAssigner } from './assigner.js';
import { boundsPay, createBoundedAssigner } from './bounded-assigner.js';
import { type Iteration, type LloydOptions, type LloydResult, lloyd } from './lloyd.js';
import { createPasses } from './mini-batch-passes.js';
import { createSeedCenters, type SeedMethod } from './seed-centers.js';

export interface KMeansOptions {
  /** [rows, size] row-major; neither changed nor copied. */
  points: Float32Array;
  rows: number;
  size: number;
  clusters: number;
  /**
   * `cosine`: spherical k-means, over the directions of the rows (Dhillon and Modha, "Concept decompositions for large sparse text data
   * using clustering", 2001, doi:10.1023/A:1007612920971).
   */
  metric: Metric;
  seed: number;
  /** The most iterations of one start. 0 assigns the points to the first centres and does nothing else. */
  iterations: number;
  /** Starts from different first centres, of which the one with the least inertia is returned. */
  restarts: number;
  /** The method of finding first centres, k-means++ by default; or centres [clusters, size], with which there is one start. */
  init?: SeedMethod | Float32Array;
  /** Rows of a mini-batch; an iteration is then a pass over all rows in batches. By default every iteration takes all rows at once. */
  batch?: number;
  /** Rule out comparisons by bounds of the distances, with the same result; by default where that is faster. */
  bounds?: boolean;
  /** One line a start. */
  log?(line: string): void;
  onIteration?(iteration: Iteration & { restart: number }): void;
  signal?: AbortSignal;
  /**
   * Processes that were given the same points and options, and call this together. Rows are compared by one of them each, and all return the
   * clusters that one alone would. Mini-batches are not shared, only the assignment that ends them.
   */
  exchange?: Exchange;
}

/**
 * k-means on the session's device. First centres come from greedy k-means++ or k-means||, Lloyd's iterations use blocked matrix products,
 * and empty clusters are given the points farthest from their centres. The same seed gives the same clusters. Beyond the points it takes
 * some blocks, 16 bytes a point, the centres a few times over and, where bounds pay, another 41 bytes a point. Its variables stay until the
 * session closes: give it a session of its own.
 *
 * Throws a UserError for more clusters than different points, NaN, rows of zeros (by cosine) and first centres of another shape.
 */
export const kmeans = async (session: Session, options: KMeansOptions): Promise<Clustering> =>
  options.exchange ? options.exchange.during(() => findClusters(session, options)) : findClusters(session, options);

async function findClusters(session: Session, options: KMeansOptions): Promise<Clustering> {
  const { rows, size, clusters, metric, init, seed, iterations, signal, log, onIteration } = options;
  checkClusters(clusters, rows);
  const { exchange } = options;
  const points: Points = { ...preparePoints(options.points, rows, size, metric), exchange };
  const name = `kmeans-${session.variables.size}`;
  const start = init instanceof Float32Array ? preparedCenters(init, points, clusters) : undefined;
  const assigner = createAssignerFor(session, points, options, name);
  const method = typeof init === 'string' ? init : 'k-means++';
  const seedCenters = start ? async () => start : createSeedCenters(session, points, { clusters, method, name });
  const restarts = start ? 1 : options.restarts;
  const batch = batchOf(options);
  const passes = batch === undefined ? undefined : createPasses(session, points, { clusters, batch, name });

  let best: LloydResult | undefined;
  for (let restart = 1; restart <= restarts; restart++) {
    const rng = createRng(seed).fork(`kmeans/${restart}`);
    const drawn = await seedCenters(rng, signal);
    // Drawn everywhere alike, unless processors round differently.
    const centers = exchange ? await fromFirst(exchange, drawn) : drawn;
    assigner.begin();
    const settings: LloydOptions = {
      iterations,
      signal,
      rng: rng.fork('mend'),
      onIteration: (iteration) => onIteration?.({ ...iteration, restart }),
    };
    const result = await (passes?.(centers, assigner, settings) ?? lloyd(points, assigner, centers, settings));
    const end = result.iterations < iterations ? 'settled' : 'stopped';
    log?.(
      `k-means ${restart}/${restarts}: inertia ${result.inertia.toPrecision(6)}, ${end} after ${result.iterations} iterations`,
    );
    if (!best || result.inertia < best.inertia) best = result;
  }
  const { labels, centers, iterations: done, inertia } = best!;
  return { labels, clusters, iterations: done, inertia, centers: shifted(centers, points, 1) };
}

/** Rows of a mini-batch; undefined where every iteration takes all rows. */
function batchOf({ batch, rows }: KMeansOptions): number | undefined {
  if (batch === undefined) return undefined;
  if (Number.isInteger(batch) && batch >= 1) return Math.min(batch, rows);
  throw new UserError(`A mini-batch of ${batch} rows was asked for; it must be a whole number of at least 1.`);
}

/** Bounds that last from iteration to iteration are of no use to mini-batches, nor to a single assignment. */
function createAssignerFor(session: Session, points: Points, options: KMeansOptions, name: string): Assigner {
  const { rows, clusters, iterations } = options;
  const isBounded = options.bounds ?? (iterations > 1 && options.batch === undefined && boundsPay(rows, clusters));
  return isBounded
    ? createBoundedAssigner(session, points, clusters, name)
    : createAssigner(session, points, clusters, name);
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

/** First centres of the caller in the space that k-means works in: of length 1 by cosine, about the points' mean by l2. */
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
    const length = norm(center);
    if (length === 0) throw new UserError(`First centre ${at / size} holds only zeros: it has no direction.`);
    for (let j = 0; j < size; j++) center[j] /= length;
  }
  return centers;
}
