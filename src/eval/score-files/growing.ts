/** A growing list of numbers, in pieces of fixed size: growth copies nothing. */
export interface Growing<List> {
  push(value: number): void;
  length(): number;
  /** All of them in one array; the pieces are released along the way. */
  join(): List;
}

type NumberList = Float64Array | Int32Array | Uint8Array;

const PIECE = 1 << 18;

/** @param make an array of that length */
export function growing<List extends NumberList>(make: (length: number) => List): Growing<List> {
  const full: List[] = [];
  let piece = make(PIECE);
  let used = 0;
  return {
    push(value) {
      if (used === PIECE) {
        full.push(piece);
        piece = make(PIECE);
        used = 0;
      }
      piece[used++] = value;
    },
    length: () => full.length * PIECE + used,
    join() {
      const whole = make(full.length * PIECE + used);
      const last = full.length * PIECE;
      for (let at = last - PIECE; at >= 0; at -= PIECE) whole.set(full.pop()!, at);
      whole.set(piece.subarray(0, used), last);
      return whole;
    },
  };
}
