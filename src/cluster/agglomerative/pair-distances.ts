import type { Session } from '../../engine/session/session.js';
import { tf } from '../../engine/tf.js';
import { UserError } from '../../errors.js';
import { float32 } from '../../host-tensor.js';
import { squaresOf } from '../kmeans/plus-plus.js';
import { pairAt } from './nearest-chain.js';

/** Above this a matrix of distances is refused: 4 GiB, some 46,000 rows. */
const MOST_BYTES = 2 ** 32;
const BLOCK_PRODUCTS = 2 ** 21;

/** Squared distances below this share of the vectors' own squares are float32 rounding. */
const ROUNDING = 1e-6;

/**
 * Distances of all pairs of vectors, float32 [rows * (rows - 1) / 2] row by row (`pairAt`): Euclidean, or 1 - cosine
 * for unit vectors when `cosine`.
 * @throws UserError where they would take more than 4 GiB
 */
export async function pairDistances(
  session: Session,
  vectors: Float32Array,
  { size, cosine, name, signal }: { size: number; cosine: boolean; name: string; signal?: AbortSignal },
): Promise<Float32Array> {
  const rows = vectors.length / size;
  const pairs = (rows * (rows - 1)) / 2;
  if (4 * pairs > MOST_BYTES) {
    throw new UserError(
      `The distances of all pairs of ${rows} rows take ${((4 * pairs) / 2 ** 30).toFixed(1)} GiB, more than 4. ` +
        "Cluster with 'kmeans-ahc', which merges the centres of k-means, or with average linkage by cosine or ward linkage, " +
        'which need no such distances.',
    );
  }
  const squares = squaresOf(vectors, size);
  const all = session.variable(`${name}/all`, [rows, size], float32(vectors, [rows, size]));
  const products = session.compile(`${name}/products`, ({ x }) => ({
    products: tf.matMul(x, all.read(), false, true),
  }));
  const step = Math.max(1, Math.min(rows, Math.floor(BLOCK_PRODUCTS / rows)));
  const distances = new Float32Array(pairs);
  for (let first = 0; first < rows; first += step) {
    signal?.throwIfAborted();
    const count = Math.min(step, rows - first);
    const x = float32(vectors.subarray(first * size, (first + count) * size), [count, size]);
    const block = (await products({ x })).products.data as Float32Array;
    for (let row = first; row < first + count; row++) {
      for (let other = row + 1; other < rows; other++) {
        const scale = squares[row] + squares[other];
        const squared = scale - 2 * block[(row - first) * rows + other];
        const exact = squared > ROUNDING * scale ? squared : 0;
        distances[pairAt(rows, row, other)] = cosine ? exact / 2 : Math.sqrt(exact);
      }
    }
  }
  return distances;
}
