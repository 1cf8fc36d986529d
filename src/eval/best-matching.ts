/** Counts by column, for each row. */
export type SparseTable = ReadonlyMap<number, number>[];

/**
 * The largest total of counts that a one-to-one matching of rows to columns can have: the assignment problem (Kuhn, "The Hungarian
 * method for the assignment problem", 1955, doi:10.1002/nav.3800020109), solved by shortest augmenting paths (Jonker and Volgenant, "A
 * shortest augmenting path algorithm for dense and sparse linear assignment problems", 1987, doi:10.1007/BF02278710). A path visits
 * only counts above zero, which are few in tables of clusters by speakers. Rows and columns may stay unmatched.
 * @param table counts above zero; columns from 0
 */
export function bestMatching(table: SparseTable): number {
  const columns = table.reduce((most, row) => [...row.keys()].reduce((a, b) => Math.max(a, b), most), -1) + 1;
  const rowOf = new Int32Array(columns).fill(-1);
  // Costs are negative counts; each is at least rowDual + columnDual, and equal on matched pairs.
  const columnDual = new Float64Array(columns);
  const rowDual = new Float64Array(table.length);
  for (let row = 0; row < table.length; row++) augment(table, { rowOf, rowDual, columnDual }, row);
  return rowOf.reduce((sum, row, column) => sum + (row < 0 ? 0 : table[row].get(column)!), 0);
}

interface Matching {
  /** [columns] the matched row, or -1. */
  rowOf: Int32Array;
  rowDual: Float64Array;
  columnDual: Float64Array;
}

/** Adds a row: along the cheapest path other rows change their column, until one takes a free column or stays unmatched. */
function augment(table: SparseTable, { rowOf, rowDual, columnDual }: Matching, start: number): void {
  rowDual[start] = 0;
  for (const [column, count] of table[start]) {
    rowDual[start] = Math.min(rowDual[start], -count - columnDual[column]);
  }
  const cameFrom = new Map<number, number>();
  const distances = new Map<number, number>();
  const done = new Set<number>();
  const queue = createQueue();
  let alone = { row: -1, distance: Number.POSITIVE_INFINITY };

  function look(row: number, base: number): void {
    if (base - rowDual[row] < alone.distance) alone = { row, distance: base - rowDual[row] };
    for (const [column, count] of table[row]) {
      const distance = base - count - rowDual[row] - columnDual[column];
      if (distance >= (distances.get(column) ?? Number.POSITIVE_INFINITY)) continue;
      distances.set(column, distance);
      cameFrom.set(column, row);
      queue.push(column, distance);
    }
  }

  look(start, 0);
  let next = queue.pop();
  while (next && next.distance < alone.distance && rowOf[next.column] >= 0) {
    // An entry that was pushed again with a smaller distance comes up twice.
    if (next.distance === distances.get(next.column) && !done.has(next.column)) {
      done.add(next.column);
      look(rowOf[next.column], next.distance);
    }
    next = queue.pop();
  }
  const free = next && next.distance < alone.distance ? next.column : -1;
  const end = free < 0 ? alone.distance : next!.distance;
  rowDual[start] += end;
  for (const column of done) {
    rowDual[rowOf[column]] += end - distances.get(column)!;
    columnDual[column] -= end - distances.get(column)!;
  }
  const columnOf = new Map([...done].map((column) => [rowOf[column], column]));
  // Backwards: each row hands the column it had to the row that the path came from.
  let column = free < 0 ? columnOf.get(alone.row) : free;
  while (column !== undefined) {
    const row: number = cameFrom.get(column)!;
    rowOf[column] = row;
    column = columnOf.get(row);
  }
}

interface Entry {
  column: number;
  distance: number;
}

/** A binary heap; the least distance comes first. */
function createQueue() {
  const heap: Entry[] = [];
  const swap = (a: number, b: number) => {
    [heap[a], heap[b]] = [heap[b], heap[a]];
  };
  return {
    push(column: number, distance: number): void {
      heap.push({ column, distance });
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (heap[parent].distance <= heap[at].distance) break;
        swap(at, parent);
        at = parent;
      }
    },
    pop(): Entry | undefined {
      const top = heap[0];
      const last = heap.pop();
      if (last === undefined || heap.length === 0) return top;
      heap[0] = last;
      for (let at = 0; ; ) {
        const children = [2 * at + 1, 2 * at + 2].filter((child) => child < heap.length);
        const least = children.reduce((best, child) => (heap[child].distance < heap[best].distance ? child : best), at);
        if (least === at) return top;
        swap(at, least);
        at = least;
      }
    },
  };
}
