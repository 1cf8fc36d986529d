import { kmeans } from 'ml-kmeans';
import { checkClusters, defineClustering, preparePoints, squaredDistance, UserError, z } from '../src/index.js';

const options = z.strictObject({
  clusters: z.number().int().positive(),
  metric: z.enum(['cosine', 'l2']).default('cosine').describe('cosine clusters directions (spherical k-means)'),
  iterations: z.number().int().positive().default(100),
});

export default defineClustering({
  name: 'ml-kmeans',
  summary: 'k-means of the ml-kmeans package, in plain JavaScript: for up to some thousand points.',
  options,
  cluster: async ({ points, rows, size, seed, options: { clusters, metric, iterations }, log }) => {
    checkClusters(clusters, rows);
    const { factors } = preparePoints(points, rows, size, metric);
    const data = Array.from({ length: rows }, (_, row) =>
      Array.from(points.subarray(row * size, (row + 1) * size), (value) => value * (factors[row] ?? 1)),
    );
    const different = new Set(data.map(String)).size;
    if (different < clusters) {
      throw new UserError(
        `${clusters} clusters were asked for, but only ${different} of the ${rows} rows are different.`,
      );
    }
    const distanceFunction = metric === 'cosine' ? cosineDistance : squaredDistance;
    const result = kmeans(data, clusters, { maxIterations: iterations, seed, distanceFunction });
    const centers = metric === 'cosine' ? result.centroids.map(unitRow) : result.centroids;
    const inertia = data.reduce((sum, row, i) => sum + squaredDistance(row, centers[result.clusters[i]]), 0);
    log(`ml-kmeans: inertia ${inertia.toPrecision(6)} after ${result.iterations} iterations`);
    return {
      labels: Int32Array.from(result.clusters),
      clusters,
      inertia,
      iterations: result.iterations,
      centers: Float32Array.from(centers.flat()),
    };
  },
});

/** Independent of the centres' lengths, so that means may stand for unit centres. */
function cosineDistance(a: number[], b: number[]): number {
  let [product, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return 1 - product / (Math.sqrt(aa * bb) || 1);
}

function unitRow(row: number[]): number[] {
  const length = Math.hypot(...row) || 1;
  return row.map((value) => value / length);
}
