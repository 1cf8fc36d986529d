import { exactSilhouette } from '../../../clustering/parts/silhouette.js';
import { subtractMean } from '../../eval/subtract-mean.js';
import { createRng } from '../../random.js';
import { indicesUpTo, takeRows, unitRows } from '../../rows.js';

const SAMPLE_ROWS = 2000;
/** Below this mean silhouette, clusters are parts of one cloud. */
export const LEAST_SILHOUETTE = 0.1;

/**
 * The mean silhouette of clusters, as the cluster stage sees them: cosine, around the mean embedding.
 * @param vectors [utterances, size]
 * @param labels [utterances] from 0
 */
export function silhouetteOf(vectors: Float32Array, size: number, labels: Int32Array, clusters: number): number {
  const centred = vectors.slice();
  subtractMean(centred, size);
  const rows = createRng('learn').shuffle(indicesUpTo(labels.length)).slice(0, SAMPLE_ROWS);
  const sample = rows.map((row) => labels[row]);
  return exactSilhouette(takeRows(unitRows(centred, size), size, rows), sample, clusters);
}
