import { cosinesOf } from '../cluster/neighbours/naive-neighbours.js';

/** DBSCAN of Ester et al. 1996 over all pairs: which rows are core, the cluster of each core row, and who is within reach of whom. */
export function naiveDbscan(rows: number[][], minPoints: number, epsilon: number) {
  const cosines = cosinesOf(rows);
  // A row is within its own reach.
  const reach = cosines.map((row) => row.map((_, i) => i).filter((i) => row[i] >= 1 - epsilon - 1e-9));
  const core = reach.map((within) => within.length >= minPoints);
  const clusters = rows.map(() => -1);
  let next = 0;
  rows.forEach((_, start) => {
    if (!core[start] || clusters[start] >= 0) return;
    const queue = [start];
    for (const row of queue) {
      if (clusters[row] >= 0) continue;
      clusters[row] = next;
      queue.push(...reach[row].filter((other) => core[other]));
    }
    next++;
  });
  return { cosines, reach, core, clusters, count: next };
}
