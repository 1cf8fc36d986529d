/**
 * Writes the points and first centroids of bench/speed/kmeans.ts, in a process of its own, so that the memory of making them is not
 * measured: node dist/bench/speed/kmeans-data.js FOLDER ROWS SIZE CLUSTERS.
 */
import { join } from 'node:path';
import { writeNpy } from '../../src/io/npy.js';
import { createRng } from '../../src/random.js';

const folder = process.argv[2];
const [rows, size, clusters] = process.argv.slice(3).map(Number);

/** Points around a tenth as many places as there are clusters, so that clusters have neighbours. */
function makePoints(): Float32Array {
  const rng = createRng(1);
  const places = Float32Array.from({ length: Math.ceil(clusters / 10) * size }, () => rng.uniform(-1, 1));
  const points = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    const place = rng.int(places.length / size) * size;
    // The sum of three uniform numbers is near enough to a normal one.
    const noise = () => rng.next() + rng.next() + rng.next() - 1.5;
    for (let j = 0; j < size; j++) points[row * size + j] = places[place + j] + noise();
  }
  return points;
}

const points = makePoints();
// Points drawn at random, which is how faiss itself starts.
const drawn = createRng(2)
  .shuffle(new Int32Array(rows).map((_, row) => row))
  .subarray(0, clusters);
const centroids = new Float32Array(clusters * size);
drawn.forEach((row, i) => void centroids.set(points.subarray(row * size, (row + 1) * size), i * size));
writeNpy(join(folder, 'points.npy'), [rows, size], points);
writeNpy(join(folder, 'centroids.npy'), [clusters, size], centroids);
