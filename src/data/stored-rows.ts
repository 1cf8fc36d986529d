import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { fitsFloat16, toFloat16, toFloat32 } from '../float-types.js';
import { float32 } from '../host-tensor.js';
import { writeFileAtomic } from '../io/atomic.js';
import { type OpenFile, withFile } from '../io/read-file.js';

/** Rows of a shard, the last one excepted, unless a set says otherwise. */
export const SHARD_ROWS = 4096;
const BYTES = 2;

/** Where rows of one length lie: NAME-00000.f16 and so on, float16, little-endian, row after row. */
export interface StoredRows {
  dir: string;
  name: string;
  rows: number;
  /** Numbers of a row. */
  size: number;
  /** Rows of a shard, for long rows. Default: 4,096. */
  shardRows?: number;
}

const fileOf = ({ dir, name }: StoredRows, shard: number): string =>
  join(dir, `${name}-${String(shard).padStart(5, '0')}.f16`);

const rowsOfShard = ({ rows, shardRows = SHARD_ROWS }: StoredRows, shard: number): number =>
  Math.min(shardRows, rows - shard * shardRows);

/** The numbers of the shards, and of the rows in each. */
export function shardsOf(stored: StoredRows): { shard: number; from: number; count: number }[] {
  const { rows, shardRows = SHARD_ROWS } = stored;
  const count = Math.ceil(rows / shardRows);
  return Array.from({ length: count }, (_, shard) => ({
    shard,
    from: shard * shardRows,
    count: rowsOfShard(stored, shard),
  }));
}

/** True where a shard is there, whole. */
export function hasShard(stored: StoredRows, shard: number): boolean {
  const bytes = statSync(fileOf(stored, shard), { throwIfNoEntry: false })?.size;
  return bytes === BYTES * rowsOfShard(stored, shard) * stored.size;
}

/** Deletes a shard, if there is one. */
export const removeShard = (stored: StoredRows, shard: number): void => rmSync(fileOf(stored, shard), { force: true });

/** The shards that a stage has to write, one after the other: all of them, or where it goes on those that are not there whole. */
export function* shardsToWrite(stored: StoredRows, resume: boolean): Generator<ReturnType<typeof shardsOf>[number]> {
  for (const part of shardsOf(stored)) {
    if (resume && hasShard(stored, part.shard)) continue;
    removeShard(stored, part.shard);
    yield part;
  }
}

/**
 * Writes a shard, whole or not at all.
 * @param values [rows, size]
 * @param advice what to do about a number that float16 does not hold
 * @throws UserError for such a number
 */
export function writeShard(stored: StoredRows, shard: number, values: Float32Array, advice: string): void {
  const wrong = values.findIndex((value) => !fitsFloat16(value));
  if (wrong >= 0) {
    const row = shard * (stored.shardRows ?? SHARD_ROWS) + Math.floor(wrong / stored.size);
    throw new UserError(
      `A number of utterance ${row} (counted from 0) is ${values[wrong]}, and float16 holds up to 65504. ${advice}`,
    );
  }
  const { data } = toFloat16(float32(values));
  writeFileAtomic(fileOf(stored, shard), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** Reads rows by their numbers. // [numbers, size] @throws UserError for a shard that is missing or cut short */
export function readRows(stored: StoredRows, numbers: ArrayLike<number>): Float32Array {
  const { size, shardRows = SHARD_ROWS } = stored;
  const values = new Float32Array(numbers.length * size);
  const places = Array.from(numbers, (number, place) => ({ number, place, shard: Math.floor(number / shardRows) }));
  for (const shard of new Set(places.map((row) => row.shard))) {
    const path = fileOf(stored, shard);
    withFile(path, (file: OpenFile) => {
      if (file.bytes !== BYTES * rowsOfShard(stored, shard) * size)
        throw new UserError(
          `${path} is cut short: it has ${file.bytes} bytes. Delete it and run the stage that wrote it again.`,
        );
      for (const { number, place } of places.filter((row) => row.shard === shard)) {
        const halves = new Uint16Array(file.read(BYTES * (number % shardRows) * size, BYTES * size));
        const row = toFloat32({ dtype: 'float16', shape: [size], data: halves });
        values.set(row.data as Float32Array, place * size);
      }
    });
  }
  return values;
}
