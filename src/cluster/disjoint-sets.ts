import { indicesUpTo } from '../rows.js';

/** Disjoint sets of the rows 0 to rows - 1. */
export interface Sets {
  /** The row that represents the set of this one. */
  find(row: number): number;
  join(a: number, b: number): void;
}

/** Every row starts alone; the first row of a set represents it. */
export function createSets(rows: number): Sets {
  const parents = indicesUpTo(rows);
  function find(row: number): number {
    while (parents[row] !== row) {
      parents[row] = parents[parents[row]];
      row = parents[row];
    }
    return row;
  }
  return {
    find,
    join(a, b) {
      const [first, second] = [find(a), find(b)];
      parents[Math.max(first, second)] = Math.min(first, second);
    },
  };
}
