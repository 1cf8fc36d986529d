import type { Session } from '../../engine/session/session.js';
import { UserError } from '../../errors.js';
import { norm } from '../../rows.js';
import type { Points } from '../points.js';
import { createAssigner } from './assigner.js';

/** k-means over a stream of vectors: each batch moves the centres a little. */
export interface MiniBatch {
  /**
   * Assigns a batch of vectors [rows, size], at most as many rows as `batch`, and moves the centres towards them; a
   * centre that has taken n vectors by then moves by 1 / n of the way, so that it is the mean of all it ever took.
   * @returns labels [rows], and the sum of squared distances to the vectors' centres, each taken before its vector moves the centre
   */
  update(vectors: Float32Array): Promise<{ labels: Int32Array; inertia: number }>;
  /** [clusters, size] */
  centers(): Float32Array;
  /** [clusters] vectors taken so far. */
  counts: Float64Array;
  /** Puts a cluster's centre onto a vector, as if it had taken only that. */
  replace(cluster: number, vector: Float32Array): void;
}

/**
 * Mini-batch k-means (Sculley, "Web-scale k-means clustering", WWW 2010, doi:10.1145/1772690.1772862, algorithm 1). By cosine vectors must
 * have length 1, and so have the centres after each batch. Its variables stay until the session closes.
 * @param start first centres [clusters, size]
 */
export function createMiniBatch(
  session: Session,
  shape: { size: number; batch: number; metric: Points['metric']; name: string },
  start: Float32Array,
): MiniBatch {
  const { size, batch, metric, name } = shape;
  const clusters = start.length / size;
  const buffer = new Float32Array(batch * size);
  const centers = Float64Array.from(start);
  const counts = new Float64Array(clusters);
  const factors = metric === 'cosine' ? new Float64Array(batch).fill(1) : new Float64Array(0);
  const points = { values: buffer, rows: batch, size, metric, factors, shift: new Float64Array(size), energy: 0 };
  const assigner = createAssigner(session, points, clusters, name);
  const labels = new Int32Array(batch);

  function take(row: number): number {
    const to = labels[row] * size;
    const rate = 1 / ++counts[labels[row]];
    let distance = 0;
    for (let j = 0; j < size; j++) {
      const offset = buffer[row * size + j] - centers[to + j];
      distance += offset * offset;
      centers[to + j] += rate * offset;
    }
    return distance;
  }

  return {
    counts,
    centers: () => Float32Array.from(centers),
    replace(cluster, vector) {
      centers.set(vector, cluster * size);
      counts[cluster] = 1;
    },
    async update(vectors) {
      const rows = vectors.length / size;
      if (!Number.isInteger(rows) || rows < 1 || rows > batch) {
        throw new UserError(`A batch of ${rows} rows of ${size} numbers was given; 1 to ${batch} are needed.`);
      }
      if (vectors.some((value) => !Number.isFinite(value)))
        throw new UserError('A batch holds NaN or infinite numbers.');
      buffer.fill(0).set(vectors);
      labels.fill(-1);
      await assigner.assign(Float32Array.from(centers), labels, (row, to) => {
        labels[row] = to;
      });
      let inertia = 0;
      for (let row = 0; row < rows; row++) inertia += take(row);
      if (metric === 'cosine') for (let cluster = 0; cluster < clusters; cluster++) toLengthOne(centers, cluster, size);
      return { labels: labels.slice(0, rows), inertia };
    },
  };
}

function toLengthOne(centers: Float64Array, cluster: number, size: number): void {
  const center = centers.subarray(cluster * size, (cluster + 1) * size);
  const length = norm(center);
  if (length > 1e-9) for (let j = 0; j < size; j++) center[j] /= length;
}
