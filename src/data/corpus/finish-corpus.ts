import { join } from 'node:path';
import { writeFileAtomic } from '../../io/atomic.js';
import { writeLinesAtomic } from '../../io/write-lines.js';
import { createRng } from '../../random.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { type Utterance, writeManifest } from '../manifest.js';
import { type Trial, writeTrials } from '../trials.js';
import { inOrder, openWorkerPool } from '../worker-pool.js';
import type { BuildOptions } from './build-options.js';
import type { ChannelTask } from './channel-worker.js';
import type { CorpusFacts, CorpusIdentity } from './corpus-folder.js';
import { makeTrials } from './make-trials.js';

/** An utterance whose clean form is written, with what is needed to pair it into trials. */
export interface FinishedUtterance extends Utterance {
  group: string;
  files: readonly string[];
}

/** A recording that was left out: the kind of reason, for counting, and the reason itself. */
export interface Skipped {
  file: string;
  kind: string;
  reason: string;
}

/** The contents of a corpus whose clean form is written. */
export interface CorpusContents {
  identity: CorpusIdentity;
  seed: number;
  utterances: Iterable<FinishedUtterance>;
  skipped: Iterable<Skipped>;
  /** Markdown: licences and sources of the audio. */
  licenses: string;
  packages?: Record<string, string>;
}

/**
 * Completes a corpus folder that holds the clean form (wav/): the channel form of the test utterances, trials,
 * manifest, licences, the list of what was skipped and, last, corpus.json. Both lists are walked several times; only the test
 * utterances are held in memory.
 */
export async function finishCorpus(
  dir: string,
  { identity, seed, utterances, skipped, licenses, packages }: CorpusContents,
  jobs: number,
  options: BuildOptions,
): Promise<CorpusFacts> {
  const tests: FinishedUtterance[] = [];
  for (const utterance of utterances) if (utterance.split === 'test') tests.push(utterance);
  await writeChannelForm(dir, tests, seed, jobs, options);
  const trials = writeTrialLists(dir, tests, seed);
  writeManifest(dir, utterances);
  const counts = writeSkipped(dir, skipped);
  writeFileAtomic(join(dir, 'LICENSES.md'), licenses);
  const facts: CorpusFacts = {
    ...identity,
    seed,
    sampleRateHz: SAMPLE_RATE_HZ,
    ...countUtterances(utterances),
    trials: trials.length,
    skipped: counts,
    ...(packages && { packages }),
  };
  writeFileAtomic(join(dir, 'corpus.json'), `${JSON.stringify(facts, null, 2)}\n`);
  return facts;
}

/** Writes skipped.tsv if anything was left out. @returns the number of recordings left out, by kind */
export function writeSkipped(dir: string, skipped: Iterable<Skipped>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of skipped) counts[kind] = (counts[kind] ?? 0) + 1;
  if (Object.keys(counts).length > 0) writeLinesAtomic(join(dir, 'skipped.tsv'), skippedLines(skipped));
  return counts;
}

function* skippedLines(skipped: Iterable<Skipped>): Generator<string> {
  yield 'file\tkind\treason';
  for (const { file, kind, reason } of skipped) yield [file, kind, reason].map(oneField).join('\t');
}

/** The path of a test utterance's channel form: channel/ in place of wav/. */
export function channelPath(path: string): string {
  return path.replace(/^wav\//, 'channel/');
}

async function writeChannelForm(dir: string, tests: Utterance[], seed: number, jobs: number, options: BuildOptions) {
  if (tests.length === 0) return;
  options.log?.(`Sending ${tests.length} test utterances through random channels ...`);
  const rng = createRng(seed).fork('channel');
  const tasks = tests.map(({ id, path }) => ({
    clean: join(dir, path),
    channel: join(dir, channelPath(path)),
    seed: rng.fork(id).int(2 ** 32),
  }));
  const pool = openWorkerPool<ChannelTask, null>(new URL('./channel-worker.js', import.meta.url), jobs);
  try {
    for await (const { outcome } of inOrder(pool, tasks, options.signal)) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  } finally {
    await pool.close();
  }
}

function writeTrialLists(dir: string, tests: FinishedUtterance[], seed: number): Trial[] {
  const known = tests.flatMap((test) => (test.speaker === null ? [] : [{ ...test, speaker: test.speaker }]));
  const trials = makeTrials(known, createRng(seed).fork('trials'));
  if (trials.length === 0) return trials;
  const form = (pathOf: (path: string) => string) =>
    trials.map(({ enrolment, test, target }) => ({ enrolment: pathOf(enrolment), test: pathOf(test), target }));
  writeTrials(join(dir, 'trials', 'clean.txt'), trials);
  writeTrials(join(dir, 'trials', 'channel.txt'), form(channelPath));
  return trials;
}

/** The counts in corpus.json: utterances, speakers of known name, and the total length; in one walk. */
export function countUtterances(
  utterances: Iterable<Utterance>,
): Pick<CorpusFacts, 'utterances' | 'speakers' | 'seconds' | 'train' | 'test'> {
  const speakers = { train: new Set<string>(), test: new Set<string>() };
  const counts = { train: 0, test: 0 };
  let total = 0;
  for (const { speaker, split, seconds } of utterances) {
    counts[split]++;
    total += seconds;
    if (speaker !== null) speakers[split].add(speaker);
  }
  const side = (split: 'train' | 'test') => ({ utterances: counts[split], speakers: speakers[split].size });
  return {
    utterances: counts.train + counts.test,
    speakers: new Set([...speakers.train, ...speakers.test]).size,
    seconds: Number(total.toFixed(2)),
    train: side('train'),
    test: side('test'),
  };
}

function oneField(text: string): string {
  return text.replace(/[\t\r\n]+/g, ' ');
}
