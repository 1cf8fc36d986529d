import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { buildShards, type ShardBuild } from '../../../src/data/shards/build.js';
import type { Source } from '../../../src/data/shards/hash.js';
import { openShards, type ShardSet } from '../../../src/data/shards/shards.js';
import { temporaryFolder } from '../temporary-folder.js';

/** Sample j of utterance i: never 0, and it tells i and j for utterances below 30,000 samples. */
export const sampleValue = (i: number, j: number): number => (j % 30000) + 1 + i;

/** One small file for each utterance, whose content says what `decodeStub` is to make of it. */
export function writeStubs(dir: string, lengths: readonly number[]): { id: string; path: string }[] {
  return lengths.map((length, i) => {
    const path = join(dir, `u${i}.stub`);
    writeFileSync(path, `${i} ${length}`);
    return { id: `utt-${i}`, path };
  });
}

/** A build whose list is an array. */
export type StubBuild = ShardBuild & { utterances: Source[] };

/** A build of stubs into DIR/shards. `delayMs(i)` shuffles the order in which decoding ends. */
export function stubBuild(dir: string, lengths: readonly number[], more: Partial<StubBuild> = {}): StubBuild {
  const utterances = writeStubs(dir, lengths);
  const lengthOf = new Map(utterances.map(({ path }, i) => [path, { i, length: lengths[i] }]));
  return {
    dir: join(dir, 'shards'),
    utterances,
    decode: async (path) => {
      const { i, length } = lengthOf.get(path)!;
      return Float32Array.from({ length }, (_, j) => sampleValue(i, j) / 32768);
    },
    ...more,
  };
}

/** Shards of utterances with these lengths, samples by `sampleValue`, about `perShard` samples a shard. */
export async function stubShards(t: ExecutionContext, lengths: readonly number[], perShard = 50000): Promise<ShardSet> {
  const build = stubBuild(temporaryFolder(t), lengths, { maxShardBytes: perShard * 2 });
  return openShards((await buildShards(build)).dir);
}
