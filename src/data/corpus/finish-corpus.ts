import { join } from 'node:path';
import { writeFileAtomic } from '../../io/atomic.js';
import { createRng } from '../../random.js';
import { type Utterance, writeManifest } from '../manifest.js';
import { type Trial, writeTrials } from '../trials.js';
import { inOrder, openWorkerPool } from '../worker-pool.js';
import type { BuildOptions } from './build-options.js';
import type { ChannelTask } from './channel-worker.js';
import type { CorpusFacts, CorpusIdentity } from './corpus-folder.js';
import { makeTrials } from './make-trials.js';

/** An utterance whose clean form is written, with what pairing it into trials needs. */
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

/** All that is known once the clean form is written. */
export interface CorpusContents {
  identity: CorpusIdentity;
  seed: number;
  utterances: FinishedUtterance[];
  skipped: Skipped[];
  /** Markdown: licences and sources of the audio. */
  licenses: string;
  packages?: Record<string, string>;
}

/**
 * Completes a corpus folder that holds the clean form (wav/): the channel form of the test utterances, trials,
 * manifest, licences, the list of what was skipped and, last, corpus.json.
 */
export async function finishCorpus(
  dir: string,
  { identity, seed, utterances, skipped, licenses, packages }: CorpusContents,
  jobs: number,
  options: BuildOptions,
): Promise<CorpusFacts> {
  const tests = utterances.filter(({ split }) => split === 'test');
  await writeChannelForm(dir, tests, seed, jobs, options);
  const trials = writeTrialLists(dir, tests, seed);
  writeManifest(dir, utterances);
  writeSkipped(dir, skipped);
  writeFileAtomic(join(dir, 'LICENSES.md'), licenses);
  const trains = utterances.filter(({ split }) => split === 'train');
  const facts: CorpusFacts = {
    ...identity,
    seed,
    sampleRateHz: 16000,
    ...countSide(utterances),
    seconds: Number(utterances.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(2)),
    train: countSide(trains),
    test: countSide(tests),
    trials: trials.length,
    skipped: countKinds(skipped),
    ...(packages && { packages }),
  };
  writeFileAtomic(join(dir, 'corpus.json'), `${JSON.stringify(facts, null, 2)}\n`);
  return facts;
}

/** Writes skipped.tsv, where anything was left out. */
export function writeSkipped(dir: string, skipped: readonly Skipped[]): void {
  if (skipped.length === 0) return;
  const lines = skipped.map((one) => `${[one.file, one.kind, one.reason].map(oneField).join('\t')}\n`);
  writeFileAtomic(join(dir, 'skipped.tsv'), 'file\tkind\treason\n', lines.join(''));
}

/** Where the channel form of a test utterance lies: channel/ in place of wav/. */
export function channelPath(path: string): string {
  return path.replace(/^wav\//, 'channel/');
}

async function writeChannelForm(dir: string, tests: Utterance[], seed: number, jobs: number, options: BuildOptions) {
  if (tests.length === 0) return;
  options.log?.(`Sending ${tests.length} test utterances through channels of their own ...`);
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

/** How many utterances, and speakers of known name. */
export function countSide(utterances: readonly Utterance[]): { utterances: number; speakers: number } {
  const speakers = new Set(utterances.flatMap(({ speaker }) => speaker ?? []));
  return { utterances: utterances.length, speakers: speakers.size };
}

/** How many were left out, by kind. */
export function countKinds(skipped: readonly Skipped[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of skipped) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function oneField(text: string): string {
  return text.replace(/[\t\r\n]+/g, ' ');
}
