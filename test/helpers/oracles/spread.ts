import { mean, type Rows, transposed } from './losses.js';

/** Mean over dimensions of the standard deviation of unit rows, times the root of the size: 1 spread out, 0 all alike. */
export function relativeSpread(rows: Rows): number {
  const directions = rows.map((row) => row.map((value) => value / Math.hypot(...row)));
  const deviations = transposed(directions).map((column) =>
    Math.sqrt(mean(column.map((value) => (value - mean(column)) ** 2))),
  );
  return mean(deviations) * Math.sqrt(rows[0].length);
}
