import { drawWeighted } from '../cluster/kmeans/draw-weighted.js';
import { createRng, type Rng } from '../random.js';
import { squaredRowDistance } from '../rows.js';

const RESTARTS = 10;
const ITERATIONS = 50;

/**
 * k-means (Lloyd) with k-means++ starts on the host, for a few hundred rows of a few numbers, where a tensor session would cost more than
 * it saves. Returns a label for each row of `rows` [items, size]; every label occurs if there are as many different rows.
 */
export function smallKMeans(rows: Float64Array, size: number, clusters: number, seed: number): Int32Array {
  let best: Partition = { labels: new Int32Array(rows.length / size), inertia: Number.POSITIVE_INFINITY };
  for (let restart = 0; restart < RESTARTS; restart++) {
    const partition = lloyd(rows, size, firstCenters(rows, size, clusters, createRng(seed).fork(restart)));
    if (partition.inertia < best.inertia) best = partition;
  }
  return best.labels;
}

interface Partition {
  labels: Int32Array;
  inertia: number;
}

/** k-means++ (Arthur and Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007). */
function firstCenters(rows: Float64Array, size: number, clusters: number, rng: Rng): Float64Array {
  const items = rows.length / size;
  const centers = new Float64Array(clusters * size);
  const nearest = new Float64Array(items).fill(Number.POSITIVE_INFINITY);
  let chosen = rng.int(items);
  for (let k = 0; k < clusters; k++) {
    centers.set(rows.subarray(chosen * size, (chosen + 1) * size), k * size);
    for (let i = 0; i < items; i++) nearest[i] = Math.min(nearest[i], squaredRowDistance(rows, i, centers, k, size));
    [chosen] = drawWeighted(nearest, 1, rng);
  }
  return centers;
}

function lloyd(rows: Float64Array, size: number, centers: Float64Array): Partition {
  const [items, clusters] = [rows.length / size, centers.length / size];
  const labels = new Int32Array(items).fill(-1);
  let inertia = 0;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    let changed = false;
    inertia = 0;
    for (let i = 0; i < items; i++) {
      let [best, least] = [0, Number.POSITIVE_INFINITY];
      for (let k = 0; k < clusters; k++) {
        const distance = squaredRowDistance(rows, i, centers, k, size);
        if (distance < least) [best, least] = [k, distance];
      }
      if (labels[i] !== best) changed = true;
      labels[i] = best;
      inertia += least;
    }
    if (!changed) break;
    moveCenters(rows, size, labels, centers);
  }
  return { labels, inertia };
}

/** To the means; a centre without rows stays. */
function moveCenters(rows: Float64Array, size: number, labels: Int32Array, centers: Float64Array): void {
  const counts = new Float64Array(centers.length / size);
  for (const label of labels) counts[label]++;
  for (let k = 0; k < counts.length; k++) if (counts[k] > 0) centers.fill(0, k * size, (k + 1) * size);
  for (let i = 0; i < rows.length; i++) {
    const label = labels[Math.floor(i / size)];
    centers[label * size + (i % size)] += rows[i] / counts[label];
  }
}
