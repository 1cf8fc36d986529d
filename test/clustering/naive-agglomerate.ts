import type { Linkage } from '../../src/cluster/agglomerative/dendrogram.js';
import { squaredDistance } from '../cluster/kmeans/naive-kmeans.js';

const cosineDistance = (a: number[], b: number[]) =>
  1 - a.reduce((sum, x, j) => sum + x * b[j], 0) / (Math.hypot(...a) * Math.hypot(...b));

const meanOf = (rows: number[][]) => rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j], 0) / rows.length);

/** The definition of each linkage, over the members of both clusters. */
function between(a: number[][], b: number[][], linkage: Linkage, cosine: boolean): number {
  if (linkage === 'ward') {
    const [m, n] = [a.length, b.length];
    return Math.sqrt(((2 * m * n) / (m + n)) * squaredDistance(meanOf(a), meanOf(b)));
  }
  const distances = a.flatMap((x) => b.map((y) => (cosine ? cosineDistance(x, y) : Math.sqrt(squaredDistance(x, y)))));
  if (linkage === 'single') return Math.min(...distances);
  if (linkage === 'complete') return Math.max(...distances);
  return distances.reduce((sum, x) => sum + x, 0) / distances.length;
}

/** Merges the nearest two clusters again and again, everything computed from the rows each time. */
export function naiveAgglomerate(
  rows: number[][],
  linkage: Linkage,
  cosine: boolean,
  stop: (clusters: number, height: number) => boolean,
): number[][] {
  let parts = rows.map((_, i) => [i]);
  while (parts.length > 1) {
    let best = { a: 0, b: 0, height: Number.POSITIVE_INFINITY };
    for (let a = 0; a < parts.length; a++) {
      for (let b = a + 1; b < parts.length; b++) {
        const [x, y] = [parts[a], parts[b]].map((part) => part.map((i) => rows[i]));
        const height = between(x, y, linkage, cosine);
        if (height < best.height) best = { a, b, height };
      }
    }
    if (stop(parts.length, best.height)) break;
    const joined = [...parts[best.a], ...parts[best.b]];
    parts = [...parts.filter((_, i) => i !== best.a && i !== best.b), joined];
  }
  return parts;
}

/** Labels by first item, as `cutTree` numbers them. */
export function labelsOf(parts: number[][], items: number): number[] {
  const labels = new Array<number>(items).fill(-1);
  let next = 0;
  for (let i = 0; i < items; i++) {
    if (labels[i] >= 0) continue;
    for (const item of parts.find((part) => part.includes(i))!) labels[item] = next;
    next++;
  }
  return labels;
}
