import {
  type Clustering,
  clusteringOfLabels,
  createSets,
  defineClustering,
  indicesUpTo,
  joinWithin,
  type Neighbours,
  neighbours,
  openSession,
  type Points,
  preparePoints,
  type Search,
  type Session,
  type Sets,
  searches,
  UserError,
  z,
} from '../src/index.js';

const options = z.strictObject({
  minPoints: z
    .number()
    .int()
    .positive()
    .default(5)
    .describe('rows within reach, the row itself among them, that make a row the core of a cluster'),
  epsilon: z
    .union([z.literal('auto'), z.number().min(0).max(2)])
    .default('auto')
    .describe(
      "the reach, as 1 - cosine; 'auto': where the sorted distances to the (minPoints - 1)th neighbour bend most",
    ),
  search: z.enum(searches).default('auto').describe('auto: exact up to 50,000 rows, HNSW beyond'),
});

export default defineClustering({
  name: 'dbscan',
  summary: 'DBSCAN by cosine (Ester et al. 1996): clusters are where rows are dense, all other rows are noise.',
  options,
  async cluster({ points, rows, size, options, device, threads, ...context }) {
    const session = openSession({ device, threads });
    try {
      return await dbscan(session, preparePoints(points, rows, size, 'cosine'), { ...context, ...options });
    } finally {
      await session.close();
    }
  },
});

/** Cosines of equal rows miss 1 by float32 rounding. */
const ROUNDING = 1e-6;
/** Neighbours that are listed at least; the more, the fewer rows have more within reach than are listed. */
const LEAST_LISTED = 16;

export interface DbscanOptions {
  /** Rows within reach, the row itself among them, that make a row a core row. */
  minPoints: number;
  /** The reach, as 1 - cosine; `auto`: where the sorted distances to the (minPoints - 1)th neighbour bend most. */
  epsilon: number | 'auto';
  search: Search;
  seed: number;
  log?(line: string): void;
  signal?: AbortSignal;
}

/**
 * DBSCAN (Ester, Kriegel, Sander and Xu, "A Density-Based Algorithm for Discovering Clusters in Large Spatial Databases with Noise",
 * KDD 1996) by cosine: core rows within reach of each other share a cluster, a row within reach of core rows joins the nearest one's,
 * all others are noise (-1). Exact when the neighbours are. With neighbours from HNSW, core rows are joined only through those listed,
 * at least 16, so that a dense cluster may come apart.
 * @param points prepared by cosine
 * @throws UserError when every row is noise
 */
export async function dbscan(session: Session, points: Points, options: DbscanOptions): Promise<Clustering> {
  const { minPoints, log, signal } = options;
  if (minPoints > points.rows) {
    throw new UserError(
      `A core row needs ${minPoints} rows within reach (minPoints), but there are only ${points.rows}: all would be noise. Ask for fewer.`,
    );
  }
  const listed = await neighbours(session, points, { ...options, count: Math.max(minPoints - 1, LEAST_LISTED) });
  const epsilon = options.epsilon === 'auto' ? kneeOf(reaches(listed, minPoints)) : options.epsilon;
  const threshold = 1 - Math.max(epsilon, ROUNDING);
  const core = coreRows(listed, minPoints, threshold);
  const sets = createSets(points.rows);
  joinListed(listed, core, threshold, sets);
  const dense = moreThanListed(listed, core, threshold);
  if (listed.exact) await joinWithin(session, points, { rows: dense, threshold, sets, signal });
  const clustering = clusteringOfLabels(points, labelsOf(listed, core, threshold, sets));
  const noise = clustering.labels.reduce((sum, label) => sum + (label < 0 ? 1 : 0), 0);
  log?.(
    `DBSCAN: reach ${epsilon.toPrecision(4)}, ${clustering.clusters} clusters, ${noise} of ${points.rows} rows are noise`,
  );
  return clustering;
}

/** Distances to the neighbour that makes a row a core row, of rows that have as many neighbours. */
function reaches({ rows, count, similarities }: Neighbours, minPoints: number): Float64Array {
  const place = Math.max(0, minPoints - 2);
  const distances = new Float64Array(count === 0 ? 0 : rows).map((_, row) => 1 - similarities[row * count + place]);
  return distances.filter(Number.isFinite);
}

/**
 * The value at which sorted numbers bend most: the one farthest below the line from the least to the largest. Of the distances to the
 * k-th neighbour it separates rows in clusters from noise (the k-distance graph of section 4.2). Without a bend, the largest; 0 for no
 * numbers.
 */
export function kneeOf(numbers: Float64Array): number {
  const sorted = numbers.slice().sort();
  const last = sorted.length - 1;
  let [knee, most] = [last, 0];
  for (let i = 0; i <= last; i++) {
    const line = sorted[0] + ((sorted[last] - sorted[0]) * i) / last;
    if (line - sorted[i] > most) [knee, most] = [i, line - sorted[i]];
  }
  return sorted[knee] ?? 0;
}

/** [rows] 1 for core rows. */
function coreRows({ rows, count, similarities }: Neighbours, minPoints: number, threshold: number): Uint8Array {
  return new Uint8Array(rows).map((_, row) =>
    minPoints === 1 || similarities[row * count + minPoints - 2] >= threshold ? 1 : 0,
  );
}

/** Joins core rows with the core rows within reach that are listed. */
function joinListed({ count, indices, similarities }: Neighbours, core: Uint8Array, threshold: number, sets: Sets) {
  for (let at = 0; at < indices.length; at++) {
    const row = Math.floor(at / count);
    if (core[row] && indices[at] >= 0 && similarities[at] >= threshold && core[indices[at]])
      sets.join(row, indices[at]);
  }
}

/** Core rows whose last listed neighbour is within reach: more may be. All others list every row within reach. */
function moreThanListed({ count, similarities }: Neighbours, core: Uint8Array, threshold: number): Int32Array {
  const all = indicesUpTo(core.length);
  return all.filter((row) => core[row] && count > 0 && similarities[row * count + count - 1] >= threshold);
}

/** The set of each core row; of other rows that of the nearest core row within reach, or -1. */
function labelsOf(listed: Neighbours, core: Uint8Array, threshold: number, sets: Sets): Int32Array {
  const { count, indices, similarities } = listed;
  const nearestCore = (row: number) => {
    for (let at = row * count; at < (row + 1) * count && similarities[at] >= threshold; at++) {
      if (core[indices[at]]) return indices[at];
    }
    return -1;
  };
  return new Int32Array(core.length).map((_, row) => {
    const member = core[row] ? row : nearestCore(row);
    return member < 0 ? -1 : sets.find(member);
  });
}
