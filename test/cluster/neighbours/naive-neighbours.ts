import { unitRow } from '../kmeans/naive-kmeans.js';

/** Cosines of all pairs, in float64. */
export function cosinesOf(rows: number[][]): number[][] {
  const units = rows.map(unitRow);
  return units.map((a) => units.map((b) => a.reduce((sum, x, j) => sum + x * b[j], 0)));
}

/** The `count` most similar other rows of each row, the first of equals. */
export function naiveNeighbours(rows: number[][], count: number): { row: number; similarity: number }[][] {
  return cosinesOf(rows).map((cosines, own) =>
    cosines
      .map((similarity, row) => ({ row, similarity }))
      .filter(({ row }) => row !== own)
      .sort((a, b) => b.similarity - a.similarity || a.row - b.row)
      .slice(0, count),
  );
}
