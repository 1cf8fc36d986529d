import { UserError } from '../../errors.js';

/** How far apart two clusters are, from the distances of their members. */
export type Linkage = 'average' | 'complete' | 'single' | 'ward';

/** Two clusters become one. A cluster goes by any of its items. */
export interface Merge {
  a: number;
  b: number;
  /** Distance of the two by the linkage. */
  height: number;
}

/** Where a tree of merges is cut: at a number of clusters, or above all merges up to a height. */
export type Cut = { clusters: number; threshold?: undefined } | { threshold: number; clusters?: undefined };

/** Throws a UserError unless exactly one of both is there; gives it as a cut. */
export function cutOf(given: { clusters?: number; threshold?: number }, items: number): Cut {
  const { clusters, threshold } = given;
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
  const parents = new Int32Array(items).map((_, i) => i);
  const find = (item: number): number => {
    let root = item;
    while (parents[root] !== root) root = parents[root];
    for (let at = item; parents[at] !== root; ) [parents[at], at] = [root, parents[at]];
    return root;
  };
  let clusters = items;
  for (const { a, b, height } of sorted) {
    if (cut.clusters === undefined ? height > cut.threshold : clusters === cut.clusters) break;
    parents[find(b)] = find(a);
    clusters--;
  }
  const names = new Map<number, number>();
  const labels = new Int32Array(items).map((_, item) => {
    const root = find(item);
    if (!names.has(root)) names.set(root, names.size);
    return names.get(root)!;
  });
  return { labels, clusters };
}
