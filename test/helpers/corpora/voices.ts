import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeManifest } from '../../../src/data/manifest.js';
import { buildShards } from '../../../src/data/shards/build.js';
import { openShards, type ShardSet } from '../../../src/data/shards/shards.js';
import { createRng } from '../../../src/random.js';

const SPEAKERS = 4;

/** An utterance: a few harmonics of its speaker's pitch in noise, at most half of full scale. // [samples] */
export function voice(utterance: number, samples: number): Float32Array {
  const rng = createRng('voices').fork(utterance);
  const pitchHz = 100 + 40 * (utterance % SPEAKERS);
  return Float32Array.from({ length: samples }, (_, i) => {
    const angle = (2 * Math.PI * pitchHz * i) / 16000;
    return 0.1 * (Math.sin(angle) + Math.sin(3 * angle)) + 0.03 * rng.normal();
  });
}

/** Shards of voices of these lengths, below DIR. */
export async function voiceShards(dir: string, lengths: readonly number[]): Promise<ShardSet> {
  const sources = join(dir, 'sources');
  mkdirSync(sources, { recursive: true });
  const utterances = lengths.map((_, i) => {
    const path = join(sources, `${i}.stub`);
    writeFileSync(path, String(i));
    return { id: `utterance-${i}`, path };
  });
  const places = new Map(utterances.map(({ path }, i) => [path, i]));
  const decode = async (path: string) => voice(places.get(path)!, lengths[places.get(path)!]);
  return openShards((await buildShards({ dir: join(dir, 'shards', 'train'), utterances, decode })).dir);
}

/** Writes the files of a corpus stage into `dir`, without test lists. */
export async function voiceCorpus(dir: string, lengths: readonly number[]): Promise<void> {
  const { ids } = await voiceShards(dir, lengths);
  const utterances = ids.map((id, i) => ({
    id,
    path: `wav/${id}.wav`,
    speaker: `speaker-${i % SPEAKERS}`,
    split: 'train' as const,
    seconds: lengths[i] / 16000,
    language: null,
  }));
  writeManifest(join(dir, 'corpus'), utterances);
}
