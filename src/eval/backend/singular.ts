/** Smaller pivots, beside the largest, are rounding of zero. */
const SMALLEST_PIVOT = 1e-10;

/** True where a square matrix [size, size] has no inverse that could be trusted: by Gaussian elimination with row pivots. */
export function isSingular(matrix: Float64Array, size: number): boolean {
  const rows = Array.from({ length: size }, (_, row) => matrix.slice(row * size, (row + 1) * size));
  let largest = 0;
  for (let column = 0; column < size; column++) {
    let best = column;
    for (let row = column + 1; row < size; row++)
      if (Math.abs(rows[row][column]) > Math.abs(rows[best][column])) best = row;
    [rows[column], rows[best]] = [rows[best], rows[column]];
    const pivots = rows[column];
    largest = Math.max(largest, Math.abs(pivots[column]));
    if (Math.abs(pivots[column]) <= SMALLEST_PIVOT * largest) return true;
    for (const row of rows.slice(column + 1)) {
      const factor = row[column] / pivots[column];
      for (let at = column; factor !== 0 && at < size; at++) row[at] -= factor * pivots[at];
    }
  }
  return false;
}
