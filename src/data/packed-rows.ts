import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Rows that can be iterated as often as needed, in order: an array, or a source that holds or makes a few rows at a time. */
export interface Rows<T> extends Iterable<T> {
  readonly length: number;
}

/** A list that takes a few bytes a row where neighbouring rows are alike. */
export interface PackedRows<T> extends Rows<T> {
  push(row: T): void;
}

const ROWS_A_BLOCK = 2048;

/**
 * A compressed list: rows become JSON, which is deflated a block at a time. An array of a million such objects would take half a
 * gigabyte. Iterating gives copies.
 */
export function packedRows<T>(): PackedRows<T> {
  const blocks: Buffer[] = [];
  let open: string[] = [];
  return {
    get length() {
      return blocks.length * ROWS_A_BLOCK + open.length;
    },
    push(row) {
      if (open.push(JSON.stringify(row)) < ROWS_A_BLOCK) return;
      blocks.push(deflateRawSync(`[${open.join(',')}]`, { level: 1 }));
      open = [];
    },
    *[Symbol.iterator]() {
      for (const block of blocks) yield* JSON.parse(inflateRawSync(block).toString()) as T[];
      for (const row of open) yield JSON.parse(row) as T;
    },
  };
}

/** Rows made anew on every walk. */
export const rowsFrom = <T>(length: number, walk: () => Iterator<T>): Rows<T> => ({ length, [Symbol.iterator]: walk });

/** The rows that pass; they are counted now and filtered again on every walk. */
export function rowsWhere<T>(rows: Rows<T>, passes: (row: T) => boolean): Rows<T> {
  let length = 0;
  for (const row of rows) if (passes(row)) length++;
  return rowsFrom(length, function* () {
    for (const row of rows) if (passes(row)) yield row;
  });
}

/** The rows of several walks, one after the other, on every walk. */
export const chained = <T>(walks: readonly (() => Iterable<T>)[]): Iterable<T> => ({
  *[Symbol.iterator]() {
    for (const walk of walks) yield* walk();
  },
});
