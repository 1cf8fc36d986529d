import { createRng } from '../../src/random.js';

export interface Mixture {
  points: Float32Array;
  rows: number;
  size: number;
  truth: Int32Array;
}

/** Gaussian clouds of deviation `spread` around `places` standard normal places. */
export function drawMixture(rows: number, size: number, places: number, spread: number, seed: number): Mixture {
  const rng = createRng(seed);
  const centers = Float32Array.from({ length: places * size }, () => rng.normal());
  const truth = new Int32Array(rows).map((_, i) => i % places);
  const points = Float32Array.from({ length: rows * size }, (_, i) => {
    return centers[truth[Math.floor(i / size)] * size + (i % size)] + spread * rng.normal();
  });
  return { points, rows, size, truth };
}
