import { setImmediate } from 'node:timers/promises';
import { createRng } from '../../random.js';
import { indicesUpTo } from '../../rows.js';
import { factorOf, type Points } from '../points.js';
import type { HnswIndex, Hnswlib } from './hnswlib.js';
import type { Neighbours } from './neighbours.js';

/**
 * Parameters of the index, in the terms of Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using
 * Hierarchical Navigable Small World graphs", 2016, arXiv:1603.09320.
 */
export interface HnswOptions {
  count: number;
  seed: number;
  /** M, links of a node on each layer (twice as many on the lowest). */
  links?: number;
  /** Candidates kept while a node is linked. */
  efConstruction?: number;
  /** Candidates kept in a search; at least the neighbours wanted. */
  efSearch?: number;
  signal?: AbortSignal;
}

const LINKS = 16;
const EF_CONSTRUCTION = 40;
const EF_SEARCH = 40;
/** Rows processed before other work runs and a signal to stop is checked. */
const TURN = 512;

/**
 * Nearest neighbours by cosine through an HNSW graph (hnswlib): some of them may be missed. Rows are added in a seeded order by one
 * thread, so that the same seed gives the same graph and the same neighbours.
 */
export async function hnswNeighbours(library: Hnswlib, points: Points, options: HnswOptions): Promise<Neighbours> {
  const { count, seed, signal } = options;
  const { rows, size } = points;
  const index = new library.HierarchicalNSW('ip', size);
  index.initIndex(rows, options.links ?? LINKS, options.efConstruction ?? EF_CONSTRUCTION, seed);
  const vector = new Array<number>(size).fill(0);
  // Rows of one recording or speaker often follow each other: added at random they make a better graph.
  const order = createRng(seed).fork('hnsw').shuffle(indicesUpTo(rows));
  await inTurns(rows, signal, (i) => index.addPoint(unitRow(points, order[i], vector), order[i]));

  index.setEf(Math.max(options.efSearch ?? EF_SEARCH, count + 1));
  const result = emptyNeighbours(rows, count);
  await inTurns(rows, signal, (row) => keepOthers(result, row, search(index, unitRow(points, row, vector), count + 1)));
  return result;
}

const emptyNeighbours = (rows: number, count: number): Neighbours => ({
  rows,
  count,
  exact: false,
  indices: new Int32Array(rows * count).fill(-1),
  similarities: new Float32Array(rows * count).fill(Number.NEGATIVE_INFINITY),
});

function unitRow(points: Points, row: number, into: number[]): number[] {
  const factor = factorOf(points, row);
  for (let j = 0, at = row * points.size; j < into.length; j++) into[j] = points.values[at++] * factor;
  return into;
}

/** Rows and cosines, the most similar first, equals by row. */
function search(index: HnswIndex, vector: number[], count: number): { row: number; similarity: number }[] {
  const { distances, neighbors } = index.searchKnn(vector, count);
  return neighbors
    .map((row, i) => ({ row, similarity: 1 - distances[i] }))
    .sort((a, b) => b.similarity - a.similarity || a.row - b.row);
}

function keepOthers({ indices, similarities, count }: Neighbours, row: number, hits: ReturnType<typeof search>): void {
  const others = hits.filter((other) => other.row !== row);
  for (let i = 0; i < Math.min(count, others.length); i++) {
    indices[row * count + i] = others[i].row;
    similarities[row * count + i] = others[i].similarity;
  }
}

async function inTurns(rows: number, signal: AbortSignal | undefined, act: (i: number) => void): Promise<void> {
  for (let i = 0; i < rows; i++) {
    if (i % TURN === 0) {
      await setImmediate();
      signal?.throwIfAborted();
    }
    act(i);
  }
}
