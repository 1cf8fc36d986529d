import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { float32, int32 } from '../../host-tensor.js';
import type { Rng } from '../../random.js';
import { drawWeighted } from './draw-weighted.js';

/** Squared distances below this share of the vectors' own squares are float32 rounding. */
const ROUNDING = 1e-6;
const FAR = 3e38;

/** Chooses `clusters` of the vectors [rows, size] as first centres; each stands for `weights` [rows] points. */
export type PlusPlus = (
  vectors: Float32Array,
  rng: Rng,
  options?: { weights?: Float32Array; signal?: AbortSignal },
) => Promise<Int32Array>;

/**
 * k-means++ (Arthur and Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007, section 2.2 and its remark on several
 * draws): each next centre is the best of `draws` vectors drawn with probability proportional to weight times squared distance to the
 * centres so far, best being the one that lowers the weighted sum of these distances most.
 */
export function createPlusPlus(
  session: Session,
  shape: { rows: number; size: number; clusters: number; draws: number; name: string },
): PlusPlus {
  const { rows, size, clusters, draws, name } = shape;
  const sample = session.variable(`${name}/sample`, [rows, size], 0);
  const squares = session.variable(`${name}/squares`, [rows], 0);
  const weight = session.variable(`${name}/weights`, [rows], 1);
  const nearest = session.variable(`${name}/nearest`, [rows], 0);

  const choose = session.compile(`${name}/choose`, ({ candidates }) => {
    const vectors = sample.read();
    const drawn = candidates as ReturnType<typeof tf.tensor1d>;
    const scale = tf.add(squares.read(), tf.expandDims(tf.gather(squares.read(), drawn), 1));
    const products = tf.matMul(tf.gather(vectors, drawn), vectors, false, true);
    const distances = tf.sub(scale, tf.mul(products, 2));
    // [draws, rows]
    const exact = tf.where(tf.greater(distances, tf.mul(scale, ROUNDING)), distances, tf.zerosLike(distances));
    const lowered = tf.minimum(exact, nearest.read());
    const weighted = tf.mul(lowered, weight.read());
    const best = tf.cast(tf.argMin(tf.sum(weighted, 1), 0), 'int32');
    nearest.assign(rowAt(lowered, best));
    return { chosen: rowAt(drawn, best), distances: rowAt(weighted, best) };
  });

  return async (vectors, rng, { weights = new Float32Array(rows).fill(1), signal } = {}) => {
    await session.load({
      [sample.name]: float32(vectors, [rows, size]),
      [squares.name]: float32(squaresOf(vectors, size)),
      [weight.name]: float32(weights),
      [nearest.name]: float32(new Float32Array(rows).fill(FAR)),
    });
    const chosen = new Int32Array(clusters);
    let candidates: Int32Array = new Int32Array(draws).fill(drawWeighted(weights, 1, rng)[0]);
    for (let i = 0; i < clusters; i++) {
      signal?.throwIfAborted();
      const result = await choose({ candidates: int32(candidates) });
      chosen[i] = result.chosen.data[0] as number;
      candidates = drawWeighted(result.distances.data as Float32Array, draws, rng);
    }
    return chosen;
  };
}

const rowAt = (x: Tensor, index: Tensor): Tensor =>
  tf.squeeze(tf.gather(x, tf.reshape(index, [1]) as ReturnType<typeof tf.tensor1d>), [0]);

/** float32 [rows] |row|^2 */
export function squaresOf(vectors: Float32Array, size: number): Float32Array {
  return new Float32Array(vectors.length / size).map((_, row) => {
    let sum = 0;
    for (let j = 0; j < size; j++) sum += vectors[row * size + j] ** 2;
    return sum;
  });
}
