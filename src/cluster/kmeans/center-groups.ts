import { indicesUpTo, squaredDistance } from '../../rows.js';

/** Rounds of two-means that find the direction of a split. */
const ROUNDS = 4;

/**
 * Splits centres into groups of equal size of centres near one another: halves at the median along the line between the two means of
 * a few rounds of 2-means, and halves those again. Nothing is random.
 * @param centers [clusters, size]
 * @param groups a power of two, at most the number of clusters
 * @returns int32 [groups * width] the centres of each group, in ascending order; -1 fills groups that are one short
 */
export function groupCenters(centers: Float32Array, size: number, groups: number): Int32Array {
  const clusters = centers.length / size;
  const width = Math.ceil(clusters / groups);
  const result = new Int32Array(groups * width).fill(-1);
  const parts = split(centers, size, indicesUpTo(clusters), groups);
  parts.forEach((part, group) => void result.set(part.toSorted(), group * width));
  return result;
}

function split(centers: Float32Array, size: number, members: Int32Array, groups: number): Int32Array[] {
  if (groups === 1) return [members];
  const along = projections(centers, size, members);
  const order = indicesUpTo(members.length).sort((a, b) => along[a] - along[b] || a - b);
  const sorted = order.map((i) => members[i]);
  const half = Math.ceil(sorted.length / 2);
  return [sorted.subarray(0, half), sorted.subarray(half)].flatMap((part) => split(centers, size, part, groups / 2));
}

/** float64 [members] along the line between the means of two clusters of the members. */
function projections(centers: Float32Array, size: number, members: Int32Array): Float64Array {
  const vector = (i: number) => centers.subarray(members[i] * size, (members[i] + 1) * size);
  const mean = meanOf(centers, size, members, () => true);
  const first = farthest(members, (i) => squaredDistance(vector(i), mean));
  const second = farthest(members, (i) => squaredDistance(vector(i), vector(first)));
  let direction = Float64Array.from(vector(first), (value, j) => value - vector(second)[j]);
  let along = project(direction);
  for (let round = 0; round < ROUNDS; round++) {
    const high = meanOf(centers, size, members, (i) => along[i] > 0);
    const low = meanOf(centers, size, members, (i) => along[i] <= 0);
    direction = high.map((value, j) => value - low[j]);
    along = project(direction);
  }
  return along;

  function project(line: Float64Array): Float64Array {
    return new Float64Array(members.length).map((_, i) => {
      const from = members[i] * size;
      let sum = 0;
      for (let j = 0; j < size; j++) sum += (centers[from + j] - mean[j]) * line[j];
      return sum;
    });
  }
}

function meanOf(centers: Float32Array, size: number, members: Int32Array, takes: (i: number) => boolean): Float64Array {
  const sum = new Float64Array(size);
  let count = 0;
  for (let i = 0; i < members.length; i++) {
    if (!takes(i)) continue;
    const from = members[i] * size;
    for (let j = 0; j < size; j++) sum[j] += centers[from + j];
    count++;
  }
  return sum.map((value) => value / Math.max(1, count));
}

function farthest(members: Int32Array, distance: (i: number) => number): number {
  let [best, most] = [0, -1];
  for (let i = 0; i < members.length; i++) {
    const now = distance(i);
    if (now > most) [best, most] = [i, now];
  }
  return best;
}
