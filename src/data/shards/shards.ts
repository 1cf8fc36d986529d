import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { codeOf, UserError } from '../../errors.js';
import { brokenShards, INDEX, readIndex, readSummary, type ShardRow, type ShardSummary, shardName } from './format.js';
import { kindOf, type ShardKind, samplesOfUnits } from './kind.js';
import { openReader, type ShardLayout } from './reader.js';

/**
 * Shards of 16 kHz mono utterances, PCM16 or stored features, checked to be whole. Utterances are numbered in the order of the list.
 */
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
  const ids: string[] = [];
  let layout: Columns | undefined;
  const { shards, features } = checkShards(dir, ({ id, shard, offset, length }, i, { utterances, features }) => {
    layout ??= columns(utterances);
    ids.push(id);
    layout.shard[i] = shard;
    layout.offset[i] = offset;
    layout.samples[i] = samplesOfUnits(length, features);
  });
  const files = shards.map((_, shard) => join(resolve(dir), shardName(shard, kindOf(features))));
  return { dir: resolve(dir), ids, files, ...(layout ?? columns(0)), ...(features && { features }) };
}

/**
 * Checks a shard folder as `openShards` does, and keeps nothing of it.
 * @param visit called with each row, its number and the folder's summary
 */
export function checkShards(
  dir: string,
  visit?: (row: ShardRow, number: number, summary: ShardSummary) => void,
): ShardSummary {
  const index = join(dir, INDEX);
  if (!existsSync(index)) throw new UserError(`${resolve(dir)} holds no shards: ${INDEX} is missing.`);
  const summary = readSummary(dir);
  const kind = kindOf(summary.features);
  // Utterances lie one behind the other, without gaps, and fill their shards.
  const ends = summary.shards.map(() => 0);
  let count = 0;
  for (const row of readIndex(dir)) {
    if (row.offset !== ends[row.shard]) throw brokenShards(index, `line ${count + 2} is out of place`);
    ends[row.shard] += row.length;
    if (count < summary.utterances) visit?.(row, count, summary);
    count++;
  }
  if (count !== summary.utterances)
    throw brokenShards(index, `it lists ${count} utterances, not ${summary.utterances}`);
  const bad = ends.findIndex((end, shard) => end !== summary.shards[shard]);
  if (bad >= 0)
    throw brokenShards(
      index,
      `its utterances take ${ends[bad]} of ${summary.shards[bad]} ${kind.unit} of ${shardName(bad, kind)}`,
    );
  for (const [shard, units] of summary.shards.entries())
    checkFile(join(resolve(dir), shardName(shard, kind)), units, kind);
  return summary;
}

/** Some utterances of a set, in this order; the samples stay where they are. */
export function pickUtterances(set: ShardSet, numbers: ArrayLike<number>): ShardSet {
  const n = numbers.length;
  const picked: ShardSet = {
    ...set,
    ids: Array.from(numbers, (i) => set.ids[i]),
    ...columns(n),
  };
  for (let row = 0; row < n; row++) {
    picked.shard[row] = set.shard[numbers[row]];
    picked.offset[row] = set.offset[numbers[row]];
    picked.samples[row] = set.samples[numbers[row]];
  }
  return picked;
}

/** Reads one utterance, whole or from a sample on: int16 samples at 16 kHz. // [samples] */
export function readUtterance(
  shards: ShardLayout,
  index: number,
  start = 0,
  samples = shards.samples[index] - start,
): Int16Array {
  const pcm = new Int16Array(samples);
  const reader = openReader(shards);
  try {
    reader.read(index, start, pcm);
    return pcm;
  } finally {
    reader.close();
  }
}

function checkFile(path: string, units: number, { unitBytes }: ShardKind): void {
  const expected = units * unitBytes;
  const actual = sizeOfFile(path);
  if (actual !== expected) throw brokenShards(path, `it has ${actual} bytes and should have ${expected}`);
}

function sizeOfFile(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw brokenShards(path, 'the file is missing');
    throw error;
  }
}

type Columns = Pick<ShardLayout, 'shard' | 'offset' | 'samples'>;

/** Over shared memory. */
const columns = (n: number): Columns => ({
  shard: new Int32Array(new SharedArrayBuffer(n * 4)),
  offset: new Float64Array(new SharedArrayBuffer(n * 8)),
  samples: new Int32Array(new SharedArrayBuffer(n * 4)),
});
