import type { Session } from '../../engine/session/session.js';
import { tf } from '../../engine/tf.js';
import { float32, int32 } from '../../host-tensor.js';
import type { Cut, Merge } from './dendrogram.js';

/** Scores of one block of queries, the largest array. */
const BLOCK_SCORES = 2 ** 22;
const MOST_QUERIES = 1024;
const LEAST_CAPACITY = 64;

/** Clusters to merge: their mean vectors and how many rows each stands for. */
export interface MeanClusters {
  /** [items, size] */
  means: Float32Array;
  /** [items] */
  counts: ArrayLike<number>;
  size: number;
}

/**
 * Merges clusters whose linkage follows from means and sizes: `average` of cosine distances, 1 - m_a m_b with m the means of unit rows (the
 * mean over all pairs of rows, one from each), and `ward`, sqrt(2 n_a n_b / (n_a + n_b)) |m_a - m_b|. No matrix of distances is needed: in
 * each round all pairs that are each other's nearest merge, which gives the tree of one merge after the other (Sumengen et al., "Scaling
 * Hierarchical Agglomerative Clustering to Billion-sized Datasets", 2021, arXiv:2105.11653), and only clusters whose nearest changed search
 * again, by matrix products on the session's device. Ends as soon as all merges below the cut are known.
 */
export async function reciprocalMerges(
  session: Session,
  items: MeanClusters,
  options: { linkage: 'average' | 'ward'; cut: Cut; name: string; signal?: AbortSignal; log?(line: string): void },
): Promise<Merge[]> {
  const { size } = items;
  const { linkage, cut, signal, log } = options;
  const means = Float64Array.from(items.means);
  const counts = Float64Array.from(items.counts);
  const search = createSearch(session, size, linkage, options.name);
  const nearest = new Int32Array(counts.length).fill(-1);
  const heights = new Float64Array(counts.length);
  const merges: Merge[] = [];
  let active = Array.from(counts, (_, item) => item);
  let stale = active;

  function height(a: number, b: number): number {
    let [product, distance] = [0, 0];
    for (let j = 0; j < size; j++) {
      product += means[a * size + j] * means[b * size + j];
      distance += (means[a * size + j] - means[b * size + j]) ** 2;
    }
    if (linkage === 'average') return Math.max(0, 1 - product);
    return Math.sqrt((2 * counts[a] * counts[b] * distance) / (counts[a] + counts[b]));
  }

  function merge(a: number, b: number): void {
    merges.push({ a, b, height: heights[a] });
    const both = counts[a] + counts[b];
    for (let j = 0; j < size; j++) {
      means[a * size + j] = (counts[a] * means[a * size + j] + counts[b] * means[b * size + j]) / both;
    }
    [counts[a], counts[b]] = [both, 0];
  }

  for (let round = 1; active.length > 1; round++) {
    const others = await search({ means, counts }, active, stale, signal);
    stale.forEach((item, i) => {
      nearest[item] = others[i];
      heights[item] = height(item, others[i]);
    });
    const least = active.reduce((low, item) => Math.min(low, heights[item]), Number.POSITIVE_INFINITY);
    if (settled(merges, cut, least, items.counts.length)) break;
    const pairs = mutualPairs(active, nearest, heights).filter(({ height }) => !(height > (cut.threshold ?? Infinity)));
    for (const { a, b } of pairs) merge(a, b);
    const merged = new Set(pairs.flatMap(({ a, b }) => [a, b]));
    active = active.filter((item) => counts[item] > 0);
    stale = active.filter((item) => merged.has(item) || merged.has(nearest[item]));
    if (round % 10 === 0) log?.(`merging, round ${round}: ${active.length} clusters`);
  }
  return merges;
}

/** True when no further merge can be below the cut: distances never fall below the present minimum. */
function settled(merges: Merge[], { clusters, threshold }: Cut, least: number, items: number): boolean {
  if (threshold !== undefined) return least > threshold;
  let below = 0;
  for (const { height } of merges) if (height <= least) below++;
  return below >= items - clusters;
}

/** Pairs that are each other's nearest; the nearest pair of all if rounding leaves none. */
function mutualPairs(active: number[], nearest: Int32Array, heights: Float64Array): Merge[] {
  const pair = (item: number) => ({ a: Math.min(item, nearest[item]), b: Math.max(item, nearest[item]) });
  const mutual = active.filter((item) => item < nearest[item] && nearest[nearest[item]] === item);
  const items =
    mutual.length > 0 ? mutual : [active.reduce((best, item) => (heights[item] < heights[best] ? item : best))];
  return items.map((item) => ({ ...pair(item), height: heights[item] }));
}

/** Finds the nearest other active cluster of each query. */
function createSearch(session: Session, size: number, linkage: 'average' | 'ward', name: string) {
  const nearestOf = session.compile(`${name}/nearest`, ({ x, own, own_counts, all, counts }) => {
    const products = tf.matMul(x, all, false, true);
    const [, columns] = products.shape as [number, number];
    const scores = linkage === 'average' ? products : wardScores(products);
    const itself = tf.equal(tf.expandDims(own, 1), tf.expandDims(tf.range(0, columns, 1, 'int32'), 0));
    // Columns without rows are padding.
    const barred = tf.logicalOr(itself, tf.expandDims(tf.lessEqual(counts, 0), 0));
    return { nearest: tf.cast(tf.argMax(tf.where(barred, tf.fill(products.shape, -3e38), scores), 1), 'int32') };

    function wardScores(dots: typeof products) {
      const squares = tf.add(tf.sum(tf.square(x), 1, true), tf.expandDims(tf.sum(tf.square(all), 1), 0));
      const distances = tf.sub(squares, tf.mul(dots, 2));
      const [mine, others] = [tf.expandDims(own_counts, 1), tf.expandDims(counts, 0)];
      return tf.neg(tf.mul(tf.div(others, tf.maximum(tf.add(mine, others), 1)), distances));
    }
  });

  return async (
    state: { means: Float64Array; counts: Float64Array },
    active: number[],
    queries: number[],
    signal?: AbortSignal,
  ): Promise<Int32Array> => {
    const capacity = capacityFor(active.length);
    const all = new Float32Array(capacity * size);
    const counts = new Float32Array(capacity);
    const places = new Map<number, number>();
    active.forEach((item, place) => {
      all.set(state.means.subarray(item * size, (item + 1) * size), place * size);
      counts[place] = state.counts[item];
      places.set(item, place);
    });
    const step = Math.max(1, Math.min(MOST_QUERIES, capacity, Math.floor(BLOCK_SCORES / capacity)));
    const result = new Int32Array(queries.length);
    for (let first = 0; first < queries.length; first += step) {
      signal?.throwIfAborted();
      const own = new Int32Array(step).map((_, i) => places.get(queries[Math.min(first + i, queries.length - 1)])!);
      const x = new Float32Array(step * size);
      own.forEach((place, i) => void x.set(all.subarray(place * size, (place + 1) * size), i * size));
      const output = await nearestOf({
        x: float32(x, [step, size]),
        own: int32(own),
        own_counts: float32(Float32Array.from(own, (place) => counts[place])),
        all: float32(all, [capacity, size]),
        counts: float32(counts),
      });
      const nearest = output.nearest.data as Int32Array;
      for (let i = 0; i < Math.min(step, queries.length - first); i++) result[first + i] = active[nearest[i]];
    }
    return result;
  };
}

/** One of a few sizes, so that few graphs are traced. */
function capacityFor(items: number): number {
  let capacity = LEAST_CAPACITY;
  while (capacity < items) capacity = Math.ceil(capacity * 1.5);
  return capacity;
}
