import type { Session } from '../../engine/session/session.js';
import { UserError } from '../../errors.js';
import type { Points } from '../points.js';
import { exactNeighbours } from './exact.js';
import { hnswNeighbours } from './hnsw.js';
import { type Hnswlib, loadHnswlib } from './hnswlib.js';

/** The most similar other rows of every row. */
export interface Neighbours {
  rows: number;
  /** Places for each row. */
  count: number;
  /** int32 [rows, count], the most similar first, never the row itself; -1 where a search found fewer. */
  indices: Int32Array;
  /** float32 [rows, count] cosines; -Infinity where a search found fewer. */
  similarities: Float32Array;
  /** True when all pairs were compared, so that none is missed. */
  exact: boolean;
}

/** Search methods: `auto` is exact for up to 50,000 rows and where hnswlib-node does not load. */
export const searches = ['auto', 'exact', 'hnsw'] as const;
export type Search = (typeof searches)[number];

/** Rows up to which `auto` searches exactly. */
const EXACT_UP_TO = 50_000;

export interface NeighbourOptions {
  /** Neighbours of each row; fewer where there are fewer other rows. */
  count: number;
  search: Search;
  seed: number;
  log?(line: string): void;
  signal?: AbortSignal;
}

/**
 * The nearest neighbours by cosine of points that were prepared with that metric. The same seed gives the same neighbours.
 * Throws a UserError when `hnsw` is asked for and hnswlib-node does not load.
 */
export async function neighbours(session: Session, points: Points, options: NeighbourOptions): Promise<Neighbours> {
  const count = Math.min(options.count, points.rows - 1);
  const library = await libraryFor(points.rows, options);
  if (library === undefined) return exactNeighbours(session, points, { ...options, count });
  return hnswNeighbours(library, points, { ...options, count });
}

/** hnswlib-node where it is to be used for this many rows; logs one line where `auto` would use it and it does not load. */
export async function libraryFor(
  rows: number,
  { search, log }: Pick<NeighbourOptions, 'search' | 'log'>,
  load = loadHnswlib,
): Promise<Hnswlib | undefined> {
  if (search === 'exact' || (search === 'auto' && rows <= EXACT_UP_TO)) return undefined;
  const library = await load();
  if (!('failure' in library)) return library;
  const reason = `hnswlib-node does not load (${library.failure})`;
  const advice = '`npm install hnswlib-node` or `npm rebuild hnswlib-node` compiles it where there is a C++ compiler';
  if (search === 'hnsw') {
    throw new UserError(
      `Search 'hnsw' was asked for, but ${reason}. ${advice}; search 'exact' or 'auto' works without it.`,
    );
  }
  log?.(`${reason}: the neighbours of ${rows} rows are searched exactly, which takes longer; ${advice}`);
  return undefined;
}
