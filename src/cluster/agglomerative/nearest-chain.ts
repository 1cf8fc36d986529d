import type { Linkage, Merge } from './dendrogram.js';

/** Place of the pair (a, b), a < b, among `items` * (items - 1) / 2 condensed distances. */
export const pairAt = (items: number, a: number, b: number): number => a * items - (a * (a + 1)) / 2 + (b - a - 1);

/**
 * Merges all items into one, always two clusters that are nearest to each other, by following chains of nearest neighbours (Müllner,
 * "Modern hierarchical, agglomerative clustering algorithms", 2011, arXiv:1109.2378, section 3.2): time O(items^2), no memory but the
 * distances. The merges are not in the order of their heights.
 * @param distances float32 [items * (items - 1) / 2] row by row (`pairAt`); destroyed
 * @param counts [items] rows that each item stands for, which weigh in `average`
 */
export function nearestChain(
  distances: Float32Array,
  counts: ArrayLike<number>,
  linkage: Exclude<Linkage, 'ward'>,
): Merge[] {
  const items = counts.length;
  const sizes = Float64Array.from(counts);
  const update = updates[linkage];
  const merges: Merge[] = [];
  const chain: number[] = [];
  const distance = (a: number, b: number) => distances[a < b ? pairAt(items, a, b) : pairAt(items, b, a)];
  let first = 0;

  function nearest(item: number, before: number): { item: number; height: number } {
    let best = before;
    // The last of the chain wins ties, else chains could turn in circles.
    let least = before < 0 ? Number.POSITIVE_INFINITY : distance(item, before);
    for (let other = first; other < items; other++) {
      if (sizes[other] === 0 || other === item) continue;
      const now = distance(item, other);
      if (now < least || best < 0) [least, best] = [now, other];
    }
    return { item: best, height: least };
  }

  function merge(a: number, b: number, height: number): void {
    merges.push({ a, b, height });
    for (let other = first; other < items; other++) {
      if (sizes[other] === 0 || other === a || other === b) continue;
      const at = other < a ? pairAt(items, other, a) : pairAt(items, a, other);
      distances[at] = update(distances[at], distance(b, other), sizes[a], sizes[b]);
    }
    sizes[a] += sizes[b];
    sizes[b] = 0;
  }

  while (merges.length < items - 1) {
    while (sizes[first] === 0) first++;
    if (chain.length === 0) chain.push(first);
    const [last, before] = [chain[chain.length - 1], chain[chain.length - 2] ?? -1];
    const { item, height } = nearest(last, before);
    if (item === before) {
      chain.length -= 2;
      merge(Math.min(last, before), Math.max(last, before), height);
    } else chain.push(item);
  }
  return merges;
}

/**
 * Lance and Williams, "A general theory of classificatory sorting strategies", 1967: the distance of a cluster to the union of a and b,
 * from those to a and to b and their sizes.
 */
const updates: Record<Exclude<Linkage, 'ward'>, (toA: number, toB: number, a: number, b: number) => number> = {
  single: (toA, toB) => Math.min(toA, toB),
  complete: (toA, toB) => Math.max(toA, toB),
  average: (toA, toB, a, b) => (a * toA + b * toB) / (a + b),
};
