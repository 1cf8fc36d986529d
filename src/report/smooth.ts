/** A point of a curve. */
export type Point = readonly [x: number, y: number];

/**
 * Weighted averages with a two-sided exponential window: unlike a running average, the result does not lag behind. Values that are
 * not finite are kept as they are and have no weight in their neighbours' averages.
 * @param horizon number of values on either side that weigh most
 */
export function smooth(values: ArrayLike<number>, horizon: number): Float64Array {
  const keep = Math.exp(-1 / horizon);
  const sums = new Float64Array(values.length);
  const weights = new Float64Array(values.length);
  const pass = (order: Iterable<number>, countSelf: boolean) => {
    let [sum, weight] = [0, 0];
    for (const i of order) {
      const known = Number.isFinite(values[i]);
      sums[i] += keep * sum + (countSelf && known ? values[i] : 0);
      weights[i] += keep * weight + (countSelf && known ? 1 : 0);
      [sum, weight] = [keep * sum + (known ? values[i] : 0), keep * weight + (known ? 1 : 0)];
    }
  };
  const forward = Array.from(sums.keys());
  pass(forward, true);
  pass(forward.reverse(), false);
  return sums.map((sum, i) => (Number.isFinite(values[i]) ? sum / weights[i] : values[i]));
}

/** Thins a curve for drawing: the lowest and the highest point of each of `buckets` equal runs, in order, so that spikes stay. */
export function thin(points: readonly Point[], buckets = 250): Point[] {
  if (points.length <= 2 * buckets) return [...points];
  return Array.from({ length: buckets }, (_, bucket) => {
    const start = Math.floor((bucket * points.length) / buckets);
    const end = Math.floor(((bucket + 1) * points.length) / buckets);
    let [low, high] = [start, start];
    for (let i = start; i < end; i++) {
      if (!Number.isFinite(points[i][1])) return [points[i]];
      if (points[i][1] < points[low][1]) low = i;
      if (points[i][1] > points[high][1]) high = i;
    }
    return [points[Math.min(low, high)], points[Math.max(low, high)]];
  }).flat();
}

/** The range that holds the middle share of the finite values, so that a few spikes do not flatten a plot. */
export function middleRange(values: Iterable<number>, share: number): [number, number] | null {
  const sorted = Float64Array.from([...values].filter(Number.isFinite)).sort();
  if (sorted.length === 0) return null;
  const cut = Math.floor((sorted.length * (1 - share)) / 2);
  return [sorted[cut], sorted[sorted.length - 1 - cut]];
}
