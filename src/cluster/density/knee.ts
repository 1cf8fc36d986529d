/**
 * The value at which sorted numbers bend most: the one farthest below the line from the least to the largest. Of the distances to the
 * k-th neighbour it parts rows in clusters from noise (the k-distance graph of Ester et al. 1996, section 4.2). Without a bend, the
 * largest; 0 of no numbers.
 */
export function kneeOf(numbers: Float64Array): number {
  const sorted = numbers.slice().sort();
  const last = sorted.length - 1;
  let [knee, most] = [last, 0];
  for (let i = 0; i <= last; i++) {
    const line = sorted[0] + ((sorted[last] - sorted[0]) * i) / last;
    if (line - sorted[i] > most) [knee, most] = [i, line - sorted[i]];
  }
  return sorted[knee] ?? 0;
}
