import type { Points } from '../points.js';

/** Sets of equal rows. */
export interface DifferentRows {
  /** The first row of each set. */
  firsts: Int32Array;
  /** [rows] the set of each row. */
  places: Int32Array;
  /** Rows of each set. */
  counts: number[];
}

/** Finds rows that are equal bit by bit, such as those of an utterance that occurs twice. */
export function differentRows({ values, rows, size }: Pick<Points, 'values' | 'rows' | 'size'>): DifferentRows {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length);
  const known = new Map<number, number>();
  const firsts: number[] = [];
  const counts: number[] = [];
  const places = new Int32Array(rows).map((_, row) => {
    const key = hashOf(words, row * size, (row + 1) * size);
    const seen = known.get(key);
    // Should different rows ever have the same hash, the later one is not merged with equal rows.
    if (seen !== undefined && equal(words, firsts[seen] * size, row * size, size)) {
      counts[seen]++;
      return seen;
    }
    const place = firsts.push(row) - 1;
    counts.push(1);
    if (seen === undefined) known.set(key, place);
    return place;
  });
  return { firsts: Int32Array.from(firsts), places, counts };
}

/** 52 bits: two FNV-1a hashes over 32-bit words. */
function hashOf(words: Int32Array, from: number, to: number): number {
  let [a, b] = [0x811c9dc5, 0x9e3779b9];
  for (let at = from; at < to; at++) {
    a = Math.imul(a ^ words[at], 0x01000193);
    b = Math.imul(b ^ words[at] ^ (words[at] >>> 15), 0x85ebca6b);
  }
  return ((a ^ (a >>> 15)) >>> 0) * 2 ** 20 + ((b ^ (b >>> 13)) >>> 12);
}

function equal(words: Int32Array, a: number, b: number, size: number): boolean {
  for (let j = 0; j < size; j++) if (words[a + j] !== words[b + j]) return false;
  return true;
}
