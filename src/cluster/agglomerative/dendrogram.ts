import { UserError } from '../../errors.js';
import { createSets } from '../disjoint-sets.js';

/** The definition of the distance of two clusters by the distances of their members. */
export type Linkage = 'average' | 'complete' | 'single' | 'ward';

/** Two clusters become one. Any item of a cluster names it. */
export interface Merge {
  a: number;
  b: number;
  /** Distance of the two by the linkage. */
  height: number;
}

/** The cut of a tree of merges: at a number of clusters, or above all merges up to a height. */
export type Cut = { clusters: number; threshold?: undefined } | { threshold: number; clusters?: undefined };

/** A number of clusters or a threshold as a cut. @throws UserError unless exactly one is given, and for more clusters than items */
export function cutOf({ clusters, threshold }: { clusters?: number; threshold?: number }, items: number): Cut {
  if ((clusters === undefined) === (threshold === undefined)) {
    throw new UserError('Agglomerative clustering needs either clusters or threshold, not both.');
  }
  if (clusters === undefined) return { threshold: threshold! };
  if (clusters <= items) return { clusters };
  throw new UserError(
    `${clusters} clusters were asked for, but there are only ${items} rows. Ask for at most ${items}.`,
  );
}

/**
 * The clusters of `items` that the merges below the cut leave, numbered by their first items.
 * @param merges in any order that merges parts before wholes among equal heights
 * @returns int32 [items]
 */
export function cutTree(merges: Merge[], items: number, cut: Cut): { labels: Int32Array; clusters: number } {
  const sorted = merges.map((merge, i) => ({ ...merge, i })).sort((a, b) => a.height - b.height || a.i - b.i);
  const sets = createSets(items);
  let clusters = items;
  for (const { a, b, height } of sorted) {
    if (cut.clusters === undefined ? height > cut.threshold : clusters === cut.clusters) break;
    sets.join(a, b);
    clusters--;
  }
  const names = new Map<number, number>();
  const labels = new Int32Array(items).map((_, item) => {
    const root = sets.find(item);
    if (!names.has(root)) names.set(root, names.size);
    return names.get(root)!;
  });
  return { labels, clusters };
}
