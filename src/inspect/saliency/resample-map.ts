/** A map over time and frequency. */
export interface SoundMap {
  /** Row-major. // [times, rows] */
  values: ArrayLike<number>;
  times: number;
  rows: number;
}

/** A map stretched to another resolution, bilinear between the middles of its cells, which both have over the same time and band. */
export function resampleMap({ values, times, rows }: SoundMap, to: { times: number; rows: number }): Float32Array {
  const along = (i: number, from: number, size: number) => {
    const place = Math.min(Math.max(((i + 0.5) * from) / size - 0.5, 0), from - 1);
    const low = Math.min(Math.floor(place), Math.max(from - 2, 0));
    return { low, high: Math.min(low + 1, from - 1), share: place - low };
  };
  const columns = Array.from({ length: to.rows }, (_, row) => along(row, rows, to.rows));
  const result = new Float32Array(to.times * to.rows);
  for (let time = 0; time < to.times; time++) {
    const { low, high, share } = along(time, times, to.times);
    for (const [row, column] of columns.entries()) {
      const at = (t: number) =>
        values[t * rows + column.low] * (1 - column.share) + values[t * rows + column.high] * column.share;
      result[time * to.rows + row] = at(low) * (1 - share) + at(high) * share;
    }
  }
  return result;
}
