import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fbankOfRecording } from '../../../src/audio/features/fbank-recording.js';
import type { FeatureDefinition } from '../../../src/audio/features/features.js';
import { buildKaldiCorpus } from '../../../src/data/corpus/kaldi/kaldi.js';
import { readUtterance, type ShardSet } from '../../../src/data/shards/shards.js';
import { writeKaldiArchive } from '../../../src/io/kaldi/archive.js';
import type { KaldiCompression } from '../../../src/io/kaldi/compressed.js';
import type { Artifact } from '../../../src/plugin/stage.js';
import { artifactAt } from '../recipes/run-stage.js';
import { withSession } from '../session.js';

/** Matrices of features by utterance. // [frames, bins] */
export type Matrices = Record<string, { frames: number; data: Float32Array }>;

/** Features of all utterances of shards of samples, as the graph computes them, without dither and with their means. */
export async function featuresOf(shards: ShardSet, definition: FeatureDefinition): Promise<Matrices> {
  const { cmn: _, ...options } = definition;
  const matrices: Matrices = {};
  await withSession(async (session) => {
    for (const [i, id] of shards.ids.entries()) {
      const samples = Float32Array.from(readUtterance(shards, i), (value) => value / 32768);
      matrices[id] = await fbankOfRecording(session, samples, { ...options, dither: 0 });
    }
  });
  return matrices;
}

/** A Kaldi data folder of features: feats.ark and feats.scp, and utt2spk with the speakers of four. */
export async function writeFeats(
  dir: string,
  matrices: Matrices,
  bins: number,
  compression?: KaldiCompression,
): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const entries = Object.entries(matrices).map(([key, { frames, data }]) => ({
    key,
    value: { shape: [frames, bins] as [number, number], data },
  }));
  await writeKaldiArchive(join(dir, 'feats.ark'), entries, { scp: join(dir, 'feats.scp'), compression });
  const speakers = Object.keys(matrices).map((key, i) => `${key} speaker-${i % 4}\n`);
  writeFileSync(join(dir, 'utt2spk'), speakers.join(''));
}

/** A corpus of stored features as an artifact. */
export async function storedCorpus(dir: string, matrices: Matrices, features: FeatureDefinition): Promise<Artifact> {
  await writeFeats(join(dir, 'data'), matrices, features.bins);
  await buildKaldiCorpus({ root: join(dir, 'data'), out: join(dir, 'corpus'), features });
  return artifactAt(dir, 'corpus', { path: join(dir, 'corpus') });
}
