/** Subtracts each bin's mean over all frames, in place; sums in double precision. */
export function subtractMeans(data: Float32Array, bins: number): void {
  const frames = data.length / bins;
  for (let bin = 0; bin < bins; bin++) {
    let sum = 0;
    for (let i = bin; i < data.length; i += bins) sum += data[i];
    for (let i = bin; i < data.length; i += bins) data[i] -= sum / frames;
  }
}
