import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { createRng } from '../../random.js';
import { type Utterance, writeManifest } from '../manifest.js';
import { buildShards } from '../shard-build.js';
import { readSkipped } from '../shard-format.js';
import { openShards } from '../shards.js';
import type { BuildOptions } from './build-options.js';
import { buildCorpusFolder, type CorpusFacts, type CorpusSummary } from './corpus-folder.js';
import { countKinds, countSide, type Skipped, writeSkipped } from './finish-corpus.js';
import { makeTrials } from './make-trials.js';
import type { CorpusPlan, PlannedList, PlannedRecording } from './plan.js';
import { endResume, resumeFolder } from './resume-folder.js';
import { kindOfReason } from './skip-kinds.js';
import { writeLists } from './trial-lists.js';

/** Where and how a planned corpus is made. */
export interface ShardCorpusOptions extends BuildOptions {
  out: string;
  /** Decoding threads. Default: one a core. */
  jobs?: number;
  /** Training recordings shorter than this are left out. Default: 0. */
  minSeconds?: number;
  /** Replaces a corpus that is there already. */
  force?: boolean;
  /** Told how many recordings of a part are decoded. */
  progress?: (part: string, done: number, total: number) => void;
}

const SAMPLE_RATE_HZ = 16000;

/**
 * Makes a corpus whose sound is decoded once, into shards (shards/train, shards/test): no recording is copied or kept whole in
 * memory. An interrupted build goes on where it was. What cannot be used is left out and listed in skipped.tsv.
 * @throws UserError when nothing is left of a part, or `out` holds something else
 */
export async function buildShardCorpus(plan: CorpusPlan, options: ShardCorpusOptions): Promise<CorpusSummary> {
  const identity = { ...plan.identity, options: { ...plan.identity.options, minSeconds: options.minSeconds ?? 0 } };
  return buildCorpusFolder(options.out, identity, { ...options, resume: true }, async (partial) => {
    resumeFolder(partial, JSON.stringify(identity), options);
    const skipped = [...plan.skipped];
    const utterances: Utterance[] = [];
    for (const part of ['train', 'test'] as const) {
      const found = await decodePart(join(partial, 'shards', part), part, plan.recordings, options);
      for (const one of found.utterances) utterances.push(one);
      for (const one of found.skipped) skipped.push(one);
    }
    if (utterances.length === 0) throw new UserError('No recording is left to make a corpus of.');
    const facts = finish(partial, { ...plan, identity }, utterances, skipped, options);
    endResume(partial);
    return facts;
  });
}

/** Decodes the recordings of one part; what of them can be used, with their lengths. */
async function decodePart(
  dir: string,
  part: 'train' | 'test',
  recordings: readonly PlannedRecording[],
  { jobs, minSeconds = 0, log, signal, progress }: ShardCorpusOptions,
): Promise<{ utterances: Utterance[]; skipped: Skipped[] }> {
  const wanted = recordings.filter(({ split }) => split === part);
  if (wanted.length === 0) return { utterances: [], skipped: [] };
  log?.(`Decoding ${wanted.length} recordings (${part}) ...`);
  await buildShards({
    dir,
    utterances: wanted.map(({ id, root, file, part: piece }) => ({
      id,
      path: root === '' ? file : join(root, file),
      part: piece,
    })),
    minSeconds: part === 'train' ? minSeconds : 0,
    workers: jobs,
    signal,
    progress: (done, total) => {
      if (done % LOG_STEP === 0) log?.(`  ${done} of ${total} decoded`);
      progress?.(part, done, total);
    },
  });
  const { ids, samples } = openShards(dir);
  const places = new Map(ids.map((id, i) => [id, i]));
  const utterances = wanted.flatMap(({ id, path, speaker, split, language, gender }) => {
    const place = places.get(id);
    return place === undefined
      ? []
      : [{ id, path, speaker, split, seconds: samples[place] / SAMPLE_RATE_HZ, language, gender }];
  });
  const skipped = readSkipped(dir).map(({ path, reason }) => ({ file: path, kind: kindOfReason(reason), reason }));
  return { utterances, skipped };
}

const LOG_STEP = 10_000;

function finish(
  dir: string,
  plan: CorpusPlan,
  utterances: Utterance[],
  skipped: Skipped[],
  options: ShardCorpusOptions,
): CorpusFacts {
  writeManifest(dir, utterances);
  writeSkipped(dir, skipped);
  writeFileAtomic(join(dir, 'LICENSES.md'), `# Where this audio comes from\n\n${plan.origin}\n`);
  const tests = utterances.filter(({ split }) => split === 'test');
  const lists = writeLists(dir, plan.lists.length > 0 ? plan.lists : drawnList(tests, plan.seed), tests, options);
  const facts: CorpusFacts = {
    ...plan.identity,
    seed: plan.seed,
    sampleRateHz: SAMPLE_RATE_HZ,
    ...countSide(utterances),
    seconds: Number(utterances.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(2)),
    train: countSide(utterances.filter(({ split }) => split === 'train')),
    test: countSide(tests),
    trials: Object.values(lists).reduce((sum, { trials }) => sum + trials, 0),
    lists,
    skipped: countKinds(skipped),
  };
  writeFileAtomic(join(dir, 'corpus.json'), `${JSON.stringify(facts, null, 2)}\n`);
  return facts;
}

/** Balanced trials where a corpus has test speakers and no list of its own. */
function drawnList(tests: readonly Utterance[], seed: number): PlannedList[] {
  const candidates = tests.flatMap(({ path, speaker }) =>
    speaker === null ? [] : [{ path, speaker, group: speaker, files: [path] }],
  );
  const trials = makeTrials(candidates, createRng(seed).fork('trials'));
  return trials.length > 0 ? [{ name: 'drawn', trials }] : [];
}
