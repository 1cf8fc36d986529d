import { existsSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadMono16k } from '../../audio/decode/decode.js';
import { UserError } from '../../errors.js';
import { openAtomic } from '../../io/open-atomic.js';
import { wav16 } from '../../io/wav-write.js';
import { writeError } from '../../io/write-error.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { withFolderLock } from '../folder-lock.js';
import { checkManifest, readManifest, type Utterance } from '../manifest.js';
import { INDEX, readSummary, SUMMARY } from '../shards/format.js';
import { toPcm16 } from '../shards/pcm16.js';
import { openReader, refuseStored } from '../shards/reader.js';
import { openShards } from '../shards/shards.js';
import { openTar } from '../tar-write.js';
import type { BuildOptions } from './build-options.js';
import { keepApart } from './keep-apart.js';
import { endResume, resumeFolder } from './resume-folder.js';
import { safeNames } from './safe-names.js';
import { sourceStamp } from './source-stamp.js';

/** Options of `exportTar`. */
export interface ExportTarOptions extends BuildOptions {
  /** The corpus folder, as `voxloop corpus` makes it. */
  corpus: string;
  /** The folder of the archives, which must not exist or be empty. */
  out: string;
  /** Utterances in an archive. Default: 1000. */
  perShard?: number;
}

/** What was written, by part. */
export interface ExportedTar {
  dir: string;
  train: { archives: number; utterances: number };
  test: { archives: number; utterances: number };
}

/** An utterance under the name it has in the archives, and its samples. */
interface Exported {
  key: string;
  speaker: string | null;
  samples(): Promise<Int16Array>;
}

/**
 * Writes a corpus as tar shards in the layout of WeSpeaker and WebDataset: OUT/train and OUT/test with archives
 * `shards_000000000.tar`, whose members are `KEY.spk` with the speaker, where it is known, and `KEY.wav`, 16 kHz mono PCM16. Equal
 * corpora give equal bytes. One utterance is held at a time; OUT appears when all is written, and an interrupted export goes on with the
 * archive it was at.
 * @throws UserError when OUT holds anything, or the corpus holds stored features
 */
export async function exportTar(options: ExportTarOptions): Promise<ExportedTar> {
  const { perShard = 1000 } = options;
  const corpus = realpathSync(readManifest(options.corpus).dir);
  const out = resolve(options.out);
  keepApart(out, corpus);
  refuseFeatures(corpus);
  return withFolderLock(`${out}.lock`, options, async () => {
    if (existsSync(out) && readdirSync(out).length > 0)
      throw new UserError(`${out} is not empty, and nothing in it will be overwritten. Choose another --out folder.`);
    const partial = `${out}.partial`;
    resumeFolder(partial, JSON.stringify({ corpus, perShard, stamp: stampOf(corpus) }), options);
    const manifest = readManifest(corpus);
    const [train, test] = [
      await exportPart(partial, 'train', { ...manifest, perShard }, options),
      await exportPart(partial, 'test', { ...manifest, perShard }, options),
    ];
    endResume(partial);
    try {
      rmSync(out, { recursive: true, force: true });
      renameSync(partial, out);
    } catch (error) {
      throw writeError(out, error);
    }
    return { dir: out, train, test };
  });
}

/** Now, and not with the first utterance: nothing is left behind. */
function refuseFeatures(corpus: string): void {
  for (const folder of ['train', 'test'].map((part) => join(corpus, 'shards', part)))
    if (existsSync(folder)) refuseStored({ files: [join(folder, SUMMARY)], features: readSummary(folder).features });
}

/** Changes when the corpus does. */
function stampOf(corpus: string): string | undefined {
  const indices = ['train', 'test'].flatMap((part) => [INDEX, SUMMARY].map((file) => join('shards', part, file)));
  return sourceStamp(['manifest.tsv', ...indices].map((file) => join(corpus, file)).filter(existsSync));
}

async function exportPart(
  out: string,
  part: 'train' | 'test',
  { dir, utterances, perShard }: { dir: string; utterances: readonly Utterance[]; perShard: number },
  { log, signal }: BuildOptions,
): Promise<{ archives: number; utterances: number }> {
  const named = withKeys(utterances.filter(({ split }) => split === part));
  if (named.length === 0) return { archives: 0, utterances: 0 };
  const { exported, close } = openPart(dir, part, named);
  try {
    const archives = Math.ceil(exported.length / perShard);
    for (let number = 0; number < archives; number++) {
      const path = join(out, part, `shards_${String(number).padStart(9, '0')}.tar`);
      if (existsSync(path)) continue;
      await writeArchive(path, exported.slice(number * perShard, (number + 1) * perShard), signal);
      log?.(`  ${part}: ${number + 1} of ${archives} archives`);
    }
    return { archives, utterances: exported.length };
  } finally {
    close();
  }
}

/** WebDataset takes what is behind the first dot of a name for its kind, so keys hold none. */
function withKeys(utterances: readonly Utterance[]): (Utterance & { key: string })[] {
  const keyOf = safeNames(
    utterances.map(({ id }) => id),
    (id) => id.replaceAll('.', '_'),
  );
  return utterances.map((utterance) => ({ ...utterance, key: keyOf(utterance.id) }));
}

/** The utterances of a part: of its shards, or of its recordings where it has none. */
function openPart(dir: string, part: string, named: readonly (Utterance & { key: string })[]) {
  const folder = join(dir, 'shards', part);
  if (!existsSync(folder)) {
    checkManifest({ dir, utterances: [...named] });
    const exported = named.map(({ key, speaker, path }): Exported => {
      return { key, speaker, samples: async () => toPcm16(await loadMono16k(join(dir, path))) };
    });
    return { exported, close: () => {} };
  }
  const shards = openShards(folder);
  const reader = openReader(shards);
  const places = new Map(shards.ids.map((id, place) => [id, place]));
  const exported = named.flatMap(({ id, key, speaker }): Exported[] => {
    const place = places.get(id);
    if (place === undefined) return [];
    const samples = async () => {
      const pcm = new Int16Array(shards.samples[place]);
      reader.read(place, 0, pcm);
      return pcm;
    };
    return [{ key, speaker, samples }];
  });
  return { exported, close: reader.close };
}

async function writeArchive(path: string, utterances: readonly Exported[], signal?: AbortSignal): Promise<void> {
  const file = openAtomic(path);
  try {
    const tar = openTar(file);
    for (const { key, speaker, samples } of utterances) {
      signal?.throwIfAborted();
      if (speaker !== null) tar.add(`${key}.spk`, [speaker]);
      tar.add(`${key}.wav`, wav16(await samples(), SAMPLE_RATE_HZ));
    }
    tar.end();
    file.commit();
  } finally {
    file.discard();
  }
}
