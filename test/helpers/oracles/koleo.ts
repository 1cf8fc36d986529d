import { mean, type Rows } from './losses.js';

/** Minus the mean logarithm of each unit row's distance to the nearest other one (Sablayrolles et al. 2019), in float64. */
export function koleoPenalty(rows: Rows): number {
  const directions = rows.map((row) => row.map((value) => value / Math.hypot(...row)));
  const distances = directions.map((row, i) =>
    Math.min(
      ...directions.filter((_, j) => j !== i).map((other) => Math.hypot(...row.map((value, d) => value - other[d]))),
    ),
  );
  return -mean(distances.map(Math.log));
}
