import { bestMatching } from './best-matching.js';

type Label = number | string;

interface Contingency {
  /** Number of items by cluster, then by class. */
  cells: Map<Label, Map<Label, number>>;
  clusterSizes: Map<Label, number>;
  classSizes: Map<Label, number>;
  items: number;
}

/**
 * Normalised mutual information between clusters and true classes: I / mean(H(clusters), H(classes)), the arithmetic mean as in
 * scikit-learn's default; in [0, 1]. Two partitions that are both a single group agree fully (1).
 * @param clusters [items] any labels
 * @param classes [items] any labels
 */
export function nmi(clusters: ArrayLike<Label>, classes: ArrayLike<Label>): number {
  const table = contingency(clusters, classes);
  if (table.clusterSizes.size <= 1 && table.classSizes.size <= 1) return 1;
  let information = 0;
  for (const [cluster, row] of table.cells) {
    for (const [label, count] of row) {
      const independent = (table.clusterSizes.get(cluster)! * table.classSizes.get(label)!) / table.items;
      information += (count / table.items) * Math.log(count / independent);
    }
  }
  const meanEntropy = (entropy(table.clusterSizes, table.items) + entropy(table.classSizes, table.items)) / 2;
  return Math.min(1, Math.max(0, information / meanEntropy));
}

/** Cluster purity: the share of items that belong to their cluster's most frequent class; in (0, 1]. 1 for no items. */
export function purity(clusters: ArrayLike<Label>, classes: ArrayLike<Label>): number {
  const { cells, items } = contingency(clusters, classes);
  if (items === 0) return 1;
  let majority = 0;
  for (const row of cells.values()) majority += Math.max(...row.values());
  return majority / items;
}

/**
 * Clustering accuracy: the share of items that are in the cluster matched to their class, with clusters matched to classes one to one so
 * that this share is largest (see {@link bestMatching}); in (0, 1]. Clusters or classes without a partner count as wrong, and so do items
 * with a negative label, which is noise. 1 for no items.
 */
export function clusterAccuracy(clusters: ArrayLike<Label>, classes: ArrayLike<Label>): number {
  const { cells, classSizes, items } = contingency(clusters, classes);
  if (items === 0) return 1;
  const columns = new Map([...classSizes.keys()].map((label, i) => [label, i]));
  const matched = [...cells].filter(([cluster]) => !isNoise(cluster));
  const table = matched.map(([, row]) => new Map([...row].map(([label, count]) => [columns.get(label)!, count])));
  return bestMatching(table) / items;
}

/** The number of clusters with an item in them; a negative label is noise. */
export function filledClusters(clusters: ArrayLike<Label>): number {
  return Array.from(new Set(Array.from(clusters))).filter((cluster) => !isNoise(cluster)).length;
}

/**
 * Adjusted Rand index of two partitions (Hubert and Arabie, "Comparing partitions", 1985, doi:10.1007/BF01908075): 1 when they are equal, 0
 * on average when they are independent; 1 also for partitions without any pair of items.
 */
export function adjustedRand(a: ArrayLike<Label>, b: ArrayLike<Label>): number {
  const { cells, clusterSizes, classSizes, items } = contingency(a, b);
  const pairs = (counts: Iterable<number>) => {
    let sum = 0;
    for (const count of counts) sum += (count * (count - 1)) / 2;
    return sum;
  };
  let together = 0;
  for (const row of cells.values()) together += pairs(row.values());
  const [ofA, ofB, all] = [pairs(clusterSizes.values()), pairs(classSizes.values()), pairs([items])];
  const expected = all === 0 ? 0 : (ofA * ofB) / all;
  const most = (ofA + ofB) / 2;
  return most === expected ? 1 : (together - expected) / (most - expected);
}

const isNoise = (label: Label): boolean => typeof label === 'number' && label < 0;

function contingency(clusters: ArrayLike<Label>, classes: ArrayLike<Label>): Contingency {
  if (clusters.length !== classes.length) throw new Error(`${clusters.length} clusters for ${classes.length} classes`);
  const cells = new Map<Label, Map<Label, number>>();
  const clusterSizes = new Map<Label, number>();
  const classSizes = new Map<Label, number>();
  for (let i = 0; i < clusters.length; i++) {
    const row = cells.get(clusters[i]) ?? new Map<Label, number>();
    cells.set(clusters[i], row);
    increment(row, classes[i]);
    increment(clusterSizes, clusters[i]);
    increment(classSizes, classes[i]);
  }
  return { cells, clusterSizes, classSizes, items: clusters.length };
}

function increment(counts: Map<Label, number>, label: Label): void {
  counts.set(label, (counts.get(label) ?? 0) + 1);
}

/** Entropy in nats. */
function entropy(sizes: Map<Label, number>, items: number): number {
  let sum = 0;
  for (const size of sizes.values()) sum -= (size / items) * Math.log(size / items);
  return sum;
}
