import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { codeOf, UserError } from '../errors.js';
import {
  BYTES_PER_SAMPLE,
  brokenShards,
  INDEX,
  readIndex,
  readSummary,
  type ShardRow,
  shardName,
} from './shard-format.js';
import { openReader, type ShardLayout } from './shard-reader.js';

/** PCM16 shards of 16 kHz mono utterances, checked to be whole. Utterances are numbered in the order of the list. */
export interface ShardSet extends ShardLayout {
  dir: string;
  /** [utterances] */
  ids: string[];
}

/**
 * Opens a shard folder: reads the index and checks that it is complete and that every shard file has the length the
 * index gives. Throws a UserError that names the file which is missing, cut short or foreign.
 */
export function openShards(dir: string): ShardSet {
  if (!existsSync(join(dir, INDEX))) throw new UserError(`${resolve(dir)} holds no PCM shards: ${INDEX} is missing.`);
  const summary = readSummary(dir);
  const rows = readIndex(dir);
  if (rows.length !== summary.utterances)
    throw brokenShards(join(dir, INDEX), `it lists ${rows.length} utterances, not ${summary.utterances}`);
  checkRows(dir, rows, summary.shards);
  const files = summary.shards.map((samples, shard) => checkFile(join(resolve(dir), shardName(shard)), samples));
  return { dir: resolve(dir), ids: rows.map((row) => row.id), files, ...columns(rows) };
}

/** Some utterances of a set, in the order given; the samples stay where they are. */
export function pickUtterances(set: ShardSet, numbers: ArrayLike<number>): ShardSet {
  const n = numbers.length;
  const picked: ShardSet = {
    ...set,
    ids: Array.from(numbers, (i) => set.ids[i]),
    shard: new Int32Array(new SharedArrayBuffer(n * 4)),
    offset: new Float64Array(new SharedArrayBuffer(n * 8)),
    samples: new Int32Array(new SharedArrayBuffer(n * 4)),
  };
  for (let row = 0; row < n; row++) {
    picked.shard[row] = set.shard[numbers[row]];
    picked.offset[row] = set.offset[numbers[row]];
    picked.samples[row] = set.samples[numbers[row]];
  }
  return picked;
}

/** Reads one whole utterance: int16 samples at 16 kHz. // [samples] */
export function readUtterance(shards: ShardLayout, index: number): Int16Array {
  const pcm = new Int16Array(shards.samples[index]);
  const reader = openReader(shards);
  try {
    reader.read(index, 0, pcm);
    return pcm;
  } finally {
    reader.close();
  }
}

/** Utterances lie one behind the other, without gaps, and fill their shards. */
function checkRows(dir: string, rows: readonly ShardRow[], shardSamples: readonly number[]): void {
  const ends = shardSamples.map(() => 0);
  rows.forEach((row, i) => {
    if (row.offset !== ends[row.shard]) throw brokenShards(join(dir, INDEX), `line ${i + 2} is out of place`);
    ends[row.shard] += row.samples;
  });
  const bad = ends.findIndex((end, shard) => end !== shardSamples[shard]);
  if (bad >= 0)
    throw brokenShards(
      join(dir, INDEX),
      `its utterances take ${ends[bad]} of ${shardSamples[bad]} samples of ${shardName(bad)}`,
    );
}

function checkFile(path: string, samples: number): string {
  const expected = samples * BYTES_PER_SAMPLE;
  const actual = sizeOfFile(path);
  if (actual !== expected) throw brokenShards(path, `it has ${actual} bytes and should have ${expected}`);
  return path;
}

function sizeOfFile(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw brokenShards(path, 'the file is missing');
    throw error;
  }
}

function columns(rows: readonly ShardRow[]): Pick<ShardLayout, 'shard' | 'offset' | 'samples'> {
  const n = rows.length;
  const shard = new Int32Array(new SharedArrayBuffer(n * 4));
  const offset = new Float64Array(new SharedArrayBuffer(n * 8));
  const samples = new Int32Array(new SharedArrayBuffer(n * 4));
  rows.forEach((row, i) => {
    shard[i] = row.shard;
    offset[i] = row.offset;
    samples[i] = row.samples;
  });
  return { shard, offset, samples };
}
