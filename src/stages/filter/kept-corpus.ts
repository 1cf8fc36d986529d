import { copyFileSync, cpSync, existsSync, linkSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Utterance, writeManifest } from '../../data/manifest.js';
import { buildShards, type ShardBuild } from '../../data/shards/build.js';
import { openReader } from '../../data/shards/reader.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { makeFolder } from '../../io/folder.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { shardsDir, type TestList, type TrainingData } from '../artifacts/corpus-data.js';

/** A part of a training utterance that is kept. */
export interface Piece {
  id: string;
  /** Number of the utterance in the training shards. */
  utterance: number;
  /** In samples. */
  start: number;
  end: number;
}

/** The corpus that pieces are cut from. */
interface WholeCorpus extends TrainingData {
  lists: readonly TestList[];
}

/**
 * Writes a corpus artifact with these pieces as its training utterances and the tests as they were: shards, manifest, trial lists and licences.
 * @param counts utterances that were dropped or split, by reason, for the report
 */
export async function writeKeptCorpus(
  dir: string,
  corpus: WholeCorpus,
  pieces: readonly Piece[],
  counts: Record<string, number>,
  hooks: Pick<ShardBuild, 'log' | 'signal' | 'progress'>,
): Promise<void> {
  const out = join(dir, 'corpus');
  // A corpus whose lists name parts of one set of test utterances holds its shards itself.
  const holder = existsSync(shardsDir(corpus.dir, 'test')) ? out : dir;
  await writePieces(shardsDir(holder, 'train'), corpus, pieces, hooks);
  const of = new Map(corpus.manifest.utterances.map((utterance) => [utterance.id, utterance]));
  const train = pieces.map(({ id, utterance, start, end }): Utterance => {
    const whole = of.get(corpus.train.ids[utterance])!;
    return { ...whole, id, seconds: (end - start) / SAMPLE_RATE_HZ };
  });
  makeFolder(out);
  writeManifest(out, [...train, ...corpus.manifest.utterances.filter(({ split }) => split === 'test')]);
  if (existsSync(join(corpus.dir, 'trials')))
    cpSync(join(corpus.dir, 'trials'), join(out, 'trials'), { recursive: true });
  if (existsSync(join(corpus.dir, 'LICENSES.md')))
    copyFileSync(join(corpus.dir, 'LICENSES.md'), join(out, 'LICENSES.md'));
  writeFileAtomic(join(out, 'corpus.json'), `${JSON.stringify(factsOf(corpus, counts), null, 2)}\n`);
  for (const from of new Set(corpus.lists.map(({ shards }) => shards.dir)))
    shareFolder(from, shardsDir(holder, basename(from)));
}

/** Copies the samples of kept pieces into new shards; a shard that an earlier attempt wrote with the same pieces is used as it is. */
async function writePieces(dir: string, corpus: WholeCorpus, pieces: readonly Piece[], hooks: Partial<ShardBuild>) {
  const reader = openReader(corpus.train);
  // These are not files: the names identify the samples.
  const named = new Map(
    pieces.map((piece) => [
      `${corpus.train.files[corpus.train.shard[piece.utterance]]}#${piece.id}:${piece.start}-${piece.end}`,
      piece,
    ]),
  );
  const decode = async (path: string) => {
    const { utterance, start, end } = named.get(path)!;
    const pcm = new Int16Array(end - start);
    reader.read(utterance, start, pcm);
    return Float32Array.from(pcm, (value) => value / 32768);
  };
  try {
    await buildShards({ dir, utterances: [...named].map(([path, { id }]) => ({ id, path })), decode, ...hooks });
  } finally {
    reader.close();
  }
}

function factsOf(corpus: WholeCorpus, counts: Record<string, number>): Record<string, unknown> {
  const file = join(corpus.dir, 'corpus.json');
  const facts = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const skipped = Object.fromEntries(Object.entries(counts).map(([reason, count]) => [`filter: ${reason}`, count]));
  return { ...facts, name: `${facts.name ?? 'unnamed'}, filtered`, skipped: { ...facts.skipped, ...skipped } };
}

/** The same files in another folder, as hard links where the disk has them. */
function shareFolder(from: string, to: string): void {
  makeFolder(to);
  for (const name of readdirSync(from)) {
    if (existsSync(join(to, name))) continue;
    try {
      linkSync(join(from, name), join(to, name));
    } catch {
      copyFileSync(join(from, name), join(to, name));
    }
  }
}
