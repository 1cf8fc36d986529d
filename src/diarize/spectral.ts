import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { rowDot } from '../rows.js';
import { centredRows } from './cosines.js';
import { smallKMeans } from './small-kmeans.js';

/** The fewest and the most speakers; equal where their number is known. */
export interface SpeakerBounds {
  least: number;
  most: number;
}

export interface SpectralOptions {
  /** Share of the items that each keeps as its neighbours. */
  neighbours: number;
  seed: number;
  /** Whether no two of these clusters are one speaker; asked where the number is not known. */
  areDistinct(labels: Int32Array): boolean;
}

const LEAST_NEIGHBOURS = 3;

/**
 * Spectral clustering of speaker vectors (Ng, Jordan and Weiss, "On Spectral Clustering: Analysis and an algorithm", NIPS 2001): cosines of
 * the differences from the mean, pruned to each item's nearest neighbours and made symmetric, the normalised Laplacian, and k-means on the rows
 * of its first eigenvectors. Of two clusters and more, the number with the largest eigengap is taken whose clusters are distinct; one, or the
 * fewest that the bounds allow, where there is none. Time grows with items^3.
 * @param vectors [items, size] unit rows
 * @returns a label for each item, from 0; fewer clusters than asked for where there are fewer items
 */
export function spectralClusters(
  vectors: Float32Array,
  size: number,
  bounds: SpeakerBounds,
  { neighbours, seed, areDistinct }: SpectralOptions,
): Int32Array {
  const items = vectors.length / size;
  const [least, most] = [Math.min(bounds.least, items), Math.min(bounds.most, items)];
  if (most <= 1) return new Int32Array(items);
  const laplacian = normalisedLaplacian(prunedAffinity(centredRows(vectors, size), size, neighbours));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(laplacian, { assumeSymmetric: true });
  const order = realEigenvalues.map((_, i) => i).sort((a, b) => realEigenvalues[a] - realEigenvalues[b]);
  const clustersOf = (count: number) =>
    smallKMeans(firstRows(eigenvectorMatrix, order.slice(0, count)), count, count, seed);
  if (least === most) return clustersOf(most);
  const ascending = order.map((i) => realEigenvalues[i]);
  for (const count of countsByGap(ascending, Math.max(2, least), most)) {
    const labels = clustersOf(count);
    if (areDistinct(labels)) return labels;
  }
  return least > 1 ? clustersOf(least) : new Int32Array(items);
}

/** Numbers of eigenvalues from `least` to `most`, those with the largest gap after them first. */
export function countsByGap(ascending: readonly number[], least: number, most: number): number[] {
  const gap = (k: number) => (ascending[k] ?? ascending.at(-1)!) - ascending[k - 1];
  return Array.from({ length: most - least + 1 }, (_, i) => least + i).sort((a, b) => gap(b) - gap(a));
}

/** Cosines above zero of each item's nearest neighbours, averaged with their transpose; zeros on the diagonal. */
function prunedAffinity(vectors: Float32Array, size: number, neighbours: number): Float64Array[] {
  const items = vectors.length / size;
  const keep = Math.min(items - 1, Math.max(LEAST_NEIGHBOURS, Math.ceil(neighbours * (items - 1))));
  const cosines = Array.from({ length: items }, () => new Float64Array(items));
  for (let a = 0; a < items; a++) {
    for (let b = 0; b < a; b++) {
      cosines[a][b] = cosines[b][a] = Math.max(0, rowDot(vectors, a, vectors, b, size));
    }
  }
  const least = cosines.map((row) => row.slice().sort()[items - keep]);
  const kept = (a: number, b: number) => (cosines[a][b] >= least[a] ? cosines[a][b] : 0);
  return cosines.map((row, a) => row.map((_, b) => (kept(a, b) + kept(b, a)) / 2));
}

/** I - D^-1/2 A D^-1/2. */
function normalisedLaplacian(affinity: Float64Array[]): Matrix {
  // An item without neighbours has degree 0.
  const scales = affinity.map((row) => 1 / Math.sqrt(row.reduce((sum, value) => sum + value, 0) || 1));
  return new Matrix(affinity.map((row, a) => row.map((value, b) => (a === b ? 1 : 0) - value * scales[a] * scales[b])));
}

/** Rows of the chosen eigenvectors, of length 1. // [items, columns] */
function firstRows(eigenvectors: Matrix, columns: readonly number[]): Float64Array {
  const rows = new Float64Array(eigenvectors.rows * columns.length);
  for (let i = 0; i < eigenvectors.rows; i++) {
    const row = columns.map((column) => eigenvectors.get(i, column));
    const length = Math.hypot(...row) || 1;
    rows.set(
      row.map((value) => value / length),
      i * columns.length,
    );
  }
  return rows;
}
