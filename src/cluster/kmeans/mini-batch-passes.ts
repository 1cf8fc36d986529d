import { fromFirst } from '../../engine/session/exchange.js';
import type { Session } from '../../engine/session/session.js';
import type { Rng } from '../../random.js';
import { indicesUpTo, squaredRowDistance } from '../../rows.js';
import { type Points, vectorsOf } from '../points.js';
import type { Assigner } from './assigner.js';
import { drawWeighted } from './draw-weighted.js';
import { type LloydOptions, type LloydResult, lloyd } from './lloyd.js';
import { createMiniBatch, type MiniBatch } from './mini-batch.js';

/** The passes end when the inertia falls by less than this share. */
const LEAST_GAIN = 1e-3;

/**
 * Mini-batch k-means over points at hand: passes over all rows, each in another order, until the inertia of a pass no longer
 * falls by 0.1 %. A cluster that took no row in a pass is put onto one that is far from its own centre. One of Lloyd's iterations
 * ends it, which mends clusters that are still empty and gives exact labels and centres.
 */
export function createPasses(
  session: Session,
  points: Points,
  { clusters, batch, name }: { clusters: number; batch: number; name: string },
): (start: Float32Array, assigner: Assigner, options: LloydOptions) => Promise<LloydResult> {
  const { rows, size, metric } = points;
  const first = new Float32Array(clusters * size);
  // One for all starts: its variables stay in the session.
  const miniBatch = createMiniBatch(session, { size, batch, metric, name: `${name}/batch` }, first);

  return async (start, assigner, { iterations, rng, signal, onIteration }) => {
    for (let cluster = 0; cluster < clusters; cluster++) {
      miniBatch.replace(cluster, start.subarray(cluster * size, (cluster + 1) * size));
      miniBatch.counts[cluster] = 0;
    }
    const order = indicesUpTo(rows);
    const labels = new Int32Array(rows).fill(-1);
    let [iteration, before] = [0, Number.POSITIVE_INFINITY];
    for (let falls = true; falls && iteration < iterations; ) {
      rng.shuffle(order);
      const taken = Float64Array.from(miniBatch.counts);
      let [inertia, changed] = [0, 0];
      let [last, lastLabels]: Int32Array[] = [order, order];
      for (let at = 0; at < rows; at += batch) {
        signal?.throwIfAborted();
        last = order.subarray(at, Math.min(rows, at + batch));
        const update = await miniBatch.update(vectorsOf(points, last));
        inertia += update.inertia;
        lastLabels = update.labels;
        last.forEach((row, i) => {
          if (labels[row] === update.labels[i]) return;
          labels[row] = update.labels[i];
          changed++;
        });
      }
      const idle = [...taken.keys()].filter((cluster) => miniBatch.counts[cluster] === taken[cluster]);
      fill(miniBatch, idle, vectorsOf(points, last), lastLabels, rng);
      iteration++;
      onIteration?.({ iteration, changed, mended: idle.length, assigned: inertia, inertia });
      falls = inertia < before * (1 - LEAST_GAIN) || idle.length > 0;
      before = inertia;
    }
    const { exchange } = points;
    const centers = exchange ? await fromFirst(exchange, miniBatch.centers()) : miniBatch.centers();
    const end = await lloyd(points, assigner, centers, {
      rng,
      signal,
      iterations: Math.min(1, iterations),
    });
    return { ...end, iterations: iteration };
  };
}

/** Puts idle clusters onto vectors drawn with probability proportional to the squared distance to their own centre. */
function fill(miniBatch: MiniBatch, idle: number[], vectors: Float32Array, labels: Int32Array, rng: Rng): void {
  if (idle.length === 0) return;
  const centers = miniBatch.centers();
  const size = vectors.length / labels.length;
  const vectorOf = (row: number) => vectors.subarray(row * size, (row + 1) * size);
  const distances = Float64Array.from(labels, (label, row) => squaredRowDistance(vectors, row, centers, label, size));
  const drawn = drawWeighted(distances, idle.length, rng);
  idle.forEach((cluster, i) => void miniBatch.replace(cluster, vectorOf(drawn[i])));
}
