import { join } from 'node:path';
import type { FeatureDefinition } from '../../audio/features/feature-definition.js';
import { UserError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { createRng } from '../../random.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { type Utterance, writeManifest } from '../manifest.js';
import { chained, type Rows, rowsFrom, rowsWhere } from '../packed-rows.js';
import { buildShards } from '../shards/build.js';
import { brokenShards, INDEX, readIndex, readSkipped, SKIPPED } from '../shards/format.js';
import { listHash, type Source } from '../shards/hash.js';
import { samplesOfUnits } from '../shards/kind.js';
import { readStoredFeatures } from '../shards/stored-features.js';
import { kindOfReason } from '../skip-kinds.js';
import { checkBothKinds, repeatedTrials } from '../trials.js';
import type { BuildOptions } from './build-options.js';
import { buildCorpusFolder, type CorpusFacts, type CorpusSummary } from './corpus-folder.js';
import { countUtterances, type Skipped, writeSkipped } from './finish-corpus.js';
import { makeTrials } from './make-trials.js';
import type { CorpusPlan, PlannedList, PlannedRecording } from './planned-corpus.js';
import { endResume, resumeFolder } from './resume-folder.js';
import { writeLists } from './trial-lists.js';

/** Options of `buildShardCorpus`. */
export interface ShardCorpusOptions extends BuildOptions {
  out: string;
  /** Decoding threads. Default: one a core. */
  jobs?: number;
  /** Training recordings shorter than this are left out. Default: 0. */
  minSeconds?: number;
  /** Replaces a corpus that is there already. */
  force?: boolean;
  /** Called with the number of decoded recordings of a part. */
  progress?: (part: string, done: number, total: number) => void;
}

/**
 * Makes a corpus whose sound is decoded once, or whose features are copied, into shards (shards/train, shards/test): no recording is
 * copied or kept in memory, and of the lists only the test utterances are. An interrupted build continues where it stopped. Unusable
 * recordings are left out and listed in skipped.tsv.
 * @throws UserError when nothing is left of a part, or `out` holds something else
 */
export async function buildShardCorpus(plan: CorpusPlan, options: ShardCorpusOptions): Promise<CorpusSummary> {
  // Checked now, not after hours of decoding.
  for (const { name, trials } of plan.lists) {
    checkBothKinds(trials, `The list ${name}`);
    repeatedTrials(trials, `The list ${name}`);
  }
  const { features } = plan;
  const sound = await listHash(sourcesOf(plan.recordings), 0, 0, features);
  const { minSeconds = 0 } = options;
  const identity = { ...plan.identity, options: { ...plan.identity.options, minSeconds, sound } };
  return buildCorpusFolder(options.out, identity, { ...options, resume: true }, async (partial) => {
    resumeFolder(partial, JSON.stringify(identity), options);
    const parts: BuiltPart[] = [];
    for (const part of ['train', 'test'] as const) {
      const recordings = rowsWhere(plan.recordings, ({ split }) => split === part);
      if (recordings.length === 0) continue;
      const dir = join(partial, 'shards', part);
      const built = { part, dir, recordings, features };
      await buildPart(built, options);
      parts.push(built);
    }
    if (parts.length === 0) throw new UserError('No recording is left to make a corpus of.');
    const facts = finish(partial, { ...plan, identity }, parts, options);
    endResume(partial);
    return facts;
  });
}

/** The recordings of one part, and the shards that hold the usable ones. */
interface BuiltPart {
  part: 'train' | 'test';
  dir: string;
  recordings: Rows<PlannedRecording>;
  features?: FeatureDefinition;
}

async function buildPart(
  { part, dir, recordings, features }: BuiltPart,
  { jobs, minSeconds = 0, log, signal, progress }: ShardCorpusOptions,
): Promise<void> {
  log?.(`${features ? 'Reading the features of' : 'Decoding'} ${recordings.length} recordings (${part}) ...`);
  await buildShards({
    dir,
    utterances: rowsFrom(recordings.length, () => sourcesOf(recordings)),
    stored: features && { features, read: (source) => readStoredFeatures(source, features) },
    minSeconds: part === 'train' ? minSeconds : 0,
    workers: jobs,
    signal,
    progress: (done, total) => {
      if (done % LOG_STEP === 0) log?.(`  ${done} of ${total} done`);
      progress?.(part, done, total);
    },
  });
}

const LOG_STEP = 10_000;

function* sourcesOf(recordings: Rows<PlannedRecording>): Generator<Source> {
  for (const { id, root, file, part } of recordings) yield { id, path: root === '' ? file : join(root, file), part };
}

/** The usable recordings of a part, with their lengths. */
function* usableOf(part: BuiltPart): Generator<Utterance> {
  for (const [row, planned] of withRecordings(readIndex(part.dir), part, INDEX)) {
    const { id, path, speaker, split, language, gender } = planned;
    yield {
      id,
      path,
      speaker,
      split,
      seconds: samplesOfUnits(row.length, part.features) / SAMPLE_RATE_HZ,
      language,
      gender,
    };
  }
}

/** The unusable ones. A part of a file goes by its own name, because the file alone does not tell which part it is. */
function* skippedOf(part: BuiltPart): Generator<Skipped> {
  for (const [{ path, reason }, planned] of withRecordings(readSkipped(part.dir), part, SKIPPED))
    yield { file: planned.part ? planned.path : path, kind: kindOfReason(reason), reason };
}

/** The rows of a table with the recordings that they name: some of all, in their order. */
function* withRecordings<Row extends { id: string }>(
  rows: Iterable<Row>,
  { dir, recordings }: BuiltPart,
  table: string,
): Generator<[Row, PlannedRecording]> {
  const named = recordings[Symbol.iterator]();
  for (const row of rows) {
    let next = named.next();
    while (!next.done && next.value.id !== row.id) next = named.next();
    if (next.done) throw brokenShards(join(dir, table), `${row.id} is not one of the recordings, or out of order`);
    yield [row, next.value];
  }
}

function finish(dir: string, plan: CorpusPlan, parts: readonly BuiltPart[], options: ShardCorpusOptions): CorpusFacts {
  const utterances = chained(parts.map((part) => () => usableOf(part)));
  const skipped = chained([() => plan.skipped, ...parts.map((part) => () => skippedOf(part))]);
  writeManifest(dir, utterances);
  const skippedCounts = writeSkipped(dir, skipped);
  writeFileAtomic(join(dir, 'LICENSES.md'), `# Where this audio comes from\n\n${plan.origin}\n`);
  const tests = parts.filter(({ part }) => part === 'test').flatMap((part) => [...usableOf(part)]);
  const lists = writeLists(dir, plan.lists.length > 0 ? plan.lists : drawnList(tests, plan.seed), tests, options);
  const facts: CorpusFacts = {
    ...plan.identity,
    seed: plan.seed,
    sampleRateHz: SAMPLE_RATE_HZ,
    ...countUtterances(utterances),
    trials: Object.values(lists).reduce((sum, { trials }) => sum + trials, 0),
    lists,
    skipped: skippedCounts,
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
