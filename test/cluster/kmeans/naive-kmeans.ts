/** Rows of a flat matrix as plain arrays. */
export function toRows(matrix: ArrayLike<number>, size: number): number[][] {
  return Array.from({ length: matrix.length / size }, (_, row) =>
    Array.from({ length: size }, (_, j) => matrix[row * size + j]),
  );
}

export const squaredDistance = (a: number[], b: number[]): number => a.reduce((sum, x, j) => sum + (x - b[j]) ** 2, 0);

export function unitRow(row: number[]): number[] {
  const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
  return row.map((x) => x / length);
}

export function nearestCenter(row: number[], centers: number[][]): number {
  const distances = centers.map((center) => squaredDistance(row, center));
  return distances.indexOf(Math.min(...distances));
}

/** Lloyd's algorithm in plain arrays; `unit` re-normalises the centres. No cluster may become empty. */
export function naiveKMeans(rows: number[][], init: number[][], iterations: number, unit = false) {
  let centers = init;
  let labels: number[] = [];
  for (let done = 1; done <= iterations; done++) {
    const next = rows.map((row) => nearestCenter(row, centers));
    if (next.join() === labels.join())
      return { labels, centers, iterations: done, inertia: inertiaOf(rows, labels, centers) };
    labels = next;
    centers = centers.map((_, cluster) => {
      const members = rows.filter((_, i) => labels[i] === cluster);
      const sum = members.reduce((total, row) => total.map((x, j) => x + row[j]));
      return unit ? unitRow(sum) : sum.map((x) => x / members.length);
    });
  }
  labels = rows.map((row) => nearestCenter(row, centers));
  return { labels, centers, iterations, inertia: inertiaOf(rows, labels, centers) };
}

export const inertiaOf = (rows: number[][], labels: ArrayLike<number>, centers: number[][]): number =>
  rows.reduce((sum, row, i) => sum + squaredDistance(row, centers[labels[i]]), 0);
