import type { Session } from '../../engine/session/session.js';
import { tf } from '../../engine/tf.js';
import { float32 } from '../../host-tensor.js';
import type { Sets } from '../disjoint-sets.js';
import { type Points, vectorsOf } from '../points.js';

/** Rows multiplied with each other at a time: 8 MiB of products. */
const BLOCK_ROWS = 512;
const BLOCK_COLUMNS = 4096;

/** Joins in `sets` all pairs of `rows` whose cosine is at least `threshold`, without a list of the pairs. */
export async function joinWithin(
  session: Session,
  points: Points,
  { rows, threshold, sets, signal }: { rows: Int32Array; threshold: number; sets: Sets; signal?: AbortSignal },
): Promise<void> {
  if (new Set(rows.map((row) => sets.find(row))).size <= 1) return;
  const vectors = vectorsOf(points, rows);
  const block = (first: number, step: number) => {
    const taken = Math.min(step, rows.length - first);
    return float32(vectors.subarray(first * points.size, (first + taken) * points.size), [taken, points.size]);
  };
  const multiply = session.compile('neighbours/within', ({ x, columns }) => ({
    cosines: tf.matMul(x, columns, false, true),
  }));
  for (let first = 0; first < rows.length; first += BLOCK_ROWS) {
    // Every pair once: earlier columns were compared with these rows as rows.
    for (let start = first; start < rows.length; start += BLOCK_COLUMNS) {
      signal?.throwIfAborted();
      const columns = block(start, BLOCK_COLUMNS);
      const cosines = (await multiply({ x: block(first, BLOCK_ROWS), columns })).cosines.data as Float32Array;
      const width = columns.shape[0];
      for (let at = 0; at < cosines.length; at++) {
        if (cosines[at] >= threshold) sets.join(rows[first + Math.floor(at / width)], rows[start + (at % width)]);
      }
    }
  }
}
