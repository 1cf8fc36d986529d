import type { Session } from '../../engine/session/session.js';
import { float32, int32 } from '../../host-tensor.js';
import { indicesUpTo } from '../../rows.js';
import { type Points, vectorsOf } from '../points.js';
import type { Neighbours } from './neighbours.js';
import { createTopColumns } from './top.js';

/** Rows and columns multiplied at a time: 32 MiB of products. */
const BLOCK_ROWS = 512;
const BLOCK_COLUMNS = 16_384;

/**
 * Nearest neighbours by cosine, all pairs compared on the session's device in blocks. Beyond the result it takes a copy of the
 * points and some blocks. Equally similar rows come in their order, as far as float32 products of equal rows are equal.
 */
export async function exactNeighbours(
  session: Session,
  points: Points,
  { count, signal }: { count: number; signal?: AbortSignal },
): Promise<Neighbours> {
  const { rows, size } = points;
  // One more, as most rows find themselves.
  const wanted = count + 1;
  const vectors = vectorsOf(points, indicesUpTo(rows));
  const block = (first: number, step: number) => {
    const taken = Math.min(step, rows - first);
    return float32(vectors.subarray(first * size, (first + taken) * size), [taken, size]);
  };
  const top = createTopColumns(session, wanted);
  const result: Neighbours = {
    rows,
    count,
    exact: true,
    indices: new Int32Array(rows * count),
    similarities: new Float32Array(rows * count),
  };
  for (let first = 0; first < rows; first += BLOCK_ROWS) {
    const x = block(first, BLOCK_ROWS);
    const taken = x.shape[0];
    let best = {
      similarities: float32(new Float32Array(taken * wanted).fill(Number.NEGATIVE_INFINITY), [taken, wanted]),
      indices: int32(new Int32Array(taken * wanted).fill(-1), [taken, wanted]),
    };
    for (let column = 0; column < rows; column += BLOCK_COLUMNS) {
      signal?.throwIfAborted();
      best = await top({ ...best, x, columns: block(column, BLOCK_COLUMNS), first: int32(Int32Array.of(column), []) });
    }
    keepOthers(result, first, best.indices.data as Int32Array, best.similarities.data as Float32Array);
  }
  return result;
}

/** Copies all but the row itself; all but the last for a row with so many copies that it did not find itself. */
function keepOthers(result: Neighbours, first: number, indices: Int32Array, similarities: Float32Array): void {
  const { count } = result;
  const wanted = count + 1;
  for (let row = first, from = 0; from < indices.length; row++, from += wanted) {
    for (let i = 0, to = row * count; i < wanted && to < (row + 1) * count; i++) {
      if (indices[from + i] === row) continue;
      result.indices[to] = indices[from + i];
      result.similarities[to++] = similarities[from + i];
    }
  }
}
