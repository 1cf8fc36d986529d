import type { Session } from '../../engine/session/session.js';
import type { Rng } from '../../random.js';
import { indicesUpTo } from '../../rows.js';
import { type Points, vectorsOf } from '../points.js';
import { createParallelSeeds, type ParallelShape, parallelShape } from './parallel-seeds.js';
import { createPlusPlus } from './plus-plus.js';

/** The way to first centres. */
export type SeedMethod = 'k-means++' | 'k-means||';

/** Size of the sample that first centres are drawn from, and its least number of points for each centre. */
const SAMPLE_ROWS = 2 ** 15;
const SAMPLE_ROWS_PER_CENTER = 4;

/** Draws first centres [clusters, size]. */
export type SeedCenters = (rng: Rng, signal?: AbortSignal) => Promise<Float32Array>;

/**
 * `k-means++`: the greedy one, with 2 + ln(clusters) draws a centre, on a random sample where there are more than 32,768 points (and
 * 4 a cluster). `k-means||`: over all points, a few centres a round instead of one a pass; with too few points for its rounds
 * it is k-means++.
 */
export function createSeedCenters(
  session: Session,
  points: Points,
  { clusters, method, name }: { clusters: number; method: SeedMethod; name: string },
): SeedCenters {
  const shape: ParallelShape = parallelShape(clusters);
  if (method === 'k-means||' && shape.candidates <= points.rows) {
    return createParallelSeeds(session, points, { clusters, shape, name });
  }
  const rows = Math.min(points.rows, Math.max(SAMPLE_ROWS, SAMPLE_ROWS_PER_CENTER * clusters));
  const draws = 2 + Math.floor(Math.log(clusters));
  const plusPlus = createPlusPlus(session, { rows, size: points.size, clusters, draws, name });
  return async (rng, signal) => {
    const indices = rng.fork('sample').shuffle(indicesUpTo(points.rows)).slice(0, rows).sort();
    const chosen = await plusPlus(vectorsOf(points, indices), rng, { signal });
    return vectorsOf(
      points,
      chosen.map((place) => indices[place]),
    );
  };
}
