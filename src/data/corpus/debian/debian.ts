import { readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../../errors.js';
import { writeFileAtomic } from '../../../io/atomic.js';
import { cacheDir } from '../../../io/cache-dir.js';
import { writeWav16 } from '../../../io/wav-write.js';
import { createRng } from '../../../random.js';
import { SAMPLE_RATE_HZ } from '../../../sample-rate.js';
import { openWorkerPool } from '../../worker-pool.js';
import type { BuildOptions } from '../build-options.js';
import { buildCorpusFolder, type CorpusSummary } from '../corpus-folder.js';
import { type FinishedUtterance, finishCorpus, type Skipped } from '../finish-corpus.js';
import { assignSides, bundledSplitList, readSplitList } from '../split-list.js';
import type { DecodedClip } from './clip-worker.js';
import { DEBIAN_PACKAGES, listClipFolders } from './clips.js';
import { type CutUtterance, cutUtterances } from './cut-utterances.js';
import { debianLicenses } from './licenses.js';
import { type DebianPackage, fetchPackages, unpackPackages } from './packages.js';

export { debianAvailable } from './packages.js';

const SEED = 1;
const MAX_UTTERANCES_A_SPEAKER = 40;

/** Options of `buildDebianCorpus`. */
export interface DebianCorpusOptions extends BuildOptions {
  out: string;
  /** Folder of downloaded packages. Default: the per-user cache. */
  cache?: string;
  /** Decoding threads. Default: one a core. */
  jobs?: number;
  /** Replaces a corpus that is there already. */
  force?: boolean;
}

/**
 * Builds the corpus of real speech from Debian's packages: `listClipFolders` says who speaks, `trimSilence` and
 * `joinClips` make 4 s utterances, at most 40 a speaker, configs/splits/debian.tsv splits them. The same packages give
 * the same bytes.
 * @throws UserError when packages cannot be had, or `out` holds something else
 */
export async function buildDebianCorpus(options: DebianCorpusOptions): Promise<CorpusSummary> {
  const jobs = options.jobs ?? availableParallelism();
  const identity = { name: 'debian', options: { seed: SEED } };
  return buildCorpusFolder(options.out, identity, options, async (partial) => {
    const packages = await fetchPackages(DEBIAN_PACKAGES, options.cache ?? cacheDir(), options);
    const root = join(partial, 'unpacked');
    options.log?.(`Unpacking ${packages.length} packages ...`);
    await unpackPackages(packages, root, options.signal);
    const skipped: Skipped[] = [];
    const cut = await cutToFiles(root, partial, packages, jobs, skipped, options);
    const utterances = splitUtterances(cut, partial, options);
    const sources = utterances.map(({ id, files }) => `${id}\t${files.join('\t')}\n`);
    writeFileAtomic(join(partial, 'sources.tsv'), 'id\tfiles\n', sources.join(''));
    const licenses = debianLicenses(packages, (name) =>
      readFileSync(join(root, 'usr/share/doc', name, 'copyright'), 'utf8'),
    );
    rmSync(root, { recursive: true });
    const versions = Object.fromEntries(packages.map(({ name, version }) => [name, version]));
    const contents = { identity, seed: SEED, utterances, skipped, licenses, packages: versions };
    return finishCorpus(partial, contents, jobs, options);
  });
}

/** Writes the clean form of every utterance; all count as training until they are split. */
async function cutToFiles(
  root: string,
  partial: string,
  packages: DebianPackage[],
  jobs: number,
  skipped: Skipped[],
  { log, signal }: BuildOptions,
): Promise<FinishedUtterance[]> {
  const folders = listClipFolders(root);
  if (folders.length === 0) {
    const versions = packages.map(({ name, version }) => `${name} ${version}`).join(', ');
    throw new UserError(`No recordings found in ${versions}. Use \`voxloop corpus synthetic\` instead.`);
  }
  const clips = folders.reduce((sum, { files }) => sum + files.length, 0);
  log?.(`Cutting utterances from ${clips} clips in ${folders.length} folders ...`);
  const pool = openWorkerPool<string, DecodedClip>(new URL('./clip-worker.js', import.meta.url), jobs);
  const context = { root, pool, rng: createRng(SEED).fork('clips'), maxPerSpeaker: MAX_UTTERANCES_A_SPEAKER, signal };
  const utterances: FinishedUtterance[] = [];
  const counts = new Map<string, number>();
  try {
    for await (const cut of cutUtterances(folders, { ...context, onSkip: (clip) => skipped.push(clip) })) {
      const number = (counts.get(cut.folder.speaker) ?? 0) + 1;
      counts.set(cut.folder.speaker, number);
      utterances.push(writeClean(partial, cut, number));
      if (utterances.length % 100 === 0) log?.(`  ${utterances.length} utterances`);
    }
  } finally {
    await pool.close();
  }
  return utterances;
}

function writeClean(partial: string, { folder, samples, files }: CutUtterance, number: number): FinishedUtterance {
  const { speaker, group, language } = folder;
  const id = `${speaker}-${String(number).padStart(3, '0')}`;
  const path = `wav/${speaker}/${id}.wav`;
  writeWav16(join(partial, path), samples, SAMPLE_RATE_HZ);
  return { id, path, speaker, split: 'train', seconds: samples.length / SAMPLE_RATE_HZ, language, group, files };
}

/** Puts every speaker on the side that the split list says, and takes out those on none. */
function splitUtterances(cut: FinishedUtterance[], partial: string, { log }: BuildOptions): FinishedUtterance[] {
  const counts = new Map<string, { speaker: string; group: string; utterances: number }>();
  for (const { speaker, group } of cut) {
    const count = counts.get(speaker!) ?? { speaker: speaker!, group, utterances: 0 };
    counts.set(speaker!, { ...count, utterances: count.utterances + 1 });
  }
  const list = readSplitList(bundledSplitList('debian'));
  const sides = assignSides([...counts.values()], list);
  const absent = [...list].filter(([speaker, { side }]) => side === 'test' && sides.get(speaker) !== 'test');
  if (absent.length > 0) log?.(`Too little of these test speakers: ${absent.map(([speaker]) => speaker).join(', ')}`);
  return cut.flatMap((utterance) => {
    const side = sides.get(utterance.speaker!)!;
    if (side !== 'none') return { ...utterance, split: side };
    rmSync(join(partial, utterance.path));
    return [];
  });
}
