import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { UserError } from '../../errors.js';
import { readTrials, trialUtterances } from '../trials.js';
import type { CorpusSummary } from './corpus-folder.js';
import { type KaldiData, readKaldiData } from './kaldi-data.js';
import { keepApart } from './keep-apart.js';
import { findLists } from './official-trials.js';
import type { PlannedList, PlannedRecording } from './plan.js';
import { safeNames } from './safe-names.js';
import { buildShardCorpus, type ShardCorpusOptions } from './shard-corpus.js';
import { genderOf } from './speaker-facts.js';
import { readEnrolments, translateTrials } from './trial-lists.js';

/** Options of `buildKaldiCorpus`. */
export interface KaldiCorpusOptions extends ShardCorpusOptions {
  /** A data folder: wav.scp and, where they are there, segments, utt2spk, spk2gender, utt2lang. */
  root: string;
  /** A data folder of test utterances. Default: those that the trials name, of `root`. */
  testRoot?: string;
  /** Files of trial lists, in names of utterances. */
  trials?: readonly string[];
  /** A file of models and the utterances that enrol them. */
  enrolments?: string;
  /** Lets commands in wav.scp run. Default: false. */
  allowPipes?: boolean;
}

/**
 * Makes a corpus of Kaldi data folders. Utterances keep their names; the speakers of tested utterances are not trained on.
 * @throws UserError for broken or missing files, for commands that are not allowed, for trials that name unknown utterances
 */
export async function buildKaldiCorpus(options: KaldiCorpusOptions): Promise<CorpusSummary> {
  const { root, testRoot, allowPipes = false } = options;
  if (testRoot && !options.trials)
    throw new UserError('Test utterances without trials: give the trial list with --trials.');
  for (const folder of [root, ...(testRoot ? [testRoot] : [])]) keepApart(options.out, resolve(folder));
  const main = planData(readKaldiData(root, allowPipes));
  const tests = testRoot ? planData(readKaldiData(testRoot, allowPipes)) : main;
  const files = findLists(options.trials ?? [], dirname(root), []);
  const models = options.enrolments ? readEnrolments(options.enrolments) : undefined;
  const known = new Set(tests.map(({ path }) => path));
  const lists = files.map(({ name, path }): PlannedList => {
    const pathOf = (one: string) => (known.has(one) || models?.has(one) ? one : undefined);
    return { name, trials: translateTrials(readTrials(path), pathOf, path), enrolments: models };
  });
  const named = new Set([
    ...lists.flatMap(({ trials }) => trialUtterances(trials)),
    ...[...(models?.values() ?? [])].flat(),
  ]);
  const recordings = splitByTrials(main, tests, named);
  const identity = {
    name: 'kaldi',
    options: {
      root: resolve(root),
      testRoot: testRoot ? resolve(testRoot) : null,
      allowPipes,
      hash: hashOf([main, tests], lists),
    },
  };
  const origin = `The recordings of the Kaldi data folder \`${resolve(root)}\`. Their licences go with the audio.`;
  return buildShardCorpus({ identity, recordings, lists, skipped: [], origin, seed: 1 }, options);
}

function planData({ recordings, segments, speakers, genders, languages }: KaldiData): PlannedRecording[] {
  const names = segments ? [...segments.keys()] : [...recordings.keys()];
  const ids = safeNames(names);
  return names.map((name) => {
    const segment = segments?.get(name);
    const { path, command } = recordings.get(segment?.recording ?? name)!;
    const part = segment || command ? { ...segment?.part, ...(command !== undefined && { command }) } : undefined;
    const speaker = speakers.get(name) ?? null;
    const gender = genderOf(genders.get(speaker ?? ''));
    const file = resolve(path);
    return {
      id: ids.get(name)!,
      path: name,
      speaker,
      split: 'train',
      language: languages.get(name) ?? null,
      gender,
      root: '',
      file,
      part,
    };
  });
}

function splitByTrials(
  main: readonly PlannedRecording[],
  tests: readonly PlannedRecording[],
  named: ReadonlySet<string>,
): PlannedRecording[] {
  const tested = new Set(tests.flatMap(({ path, speaker }) => (named.has(path) && speaker !== null ? [speaker] : [])));
  const train = main.filter(({ path, speaker }) => !(tests === main && named.has(path)) && !tested.has(speaker ?? ''));
  if (train.length === 0)
    throw new UserError(
      'Nothing is left to train on: the trials take every speaker. Give a folder of other speakers as --root.',
    );
  const own = new Set(train.map(({ id }) => id));
  const test = tests.filter(({ path }) => named.has(path));
  return [
    ...train,
    ...test.map((one) => ({ ...one, id: own.has(one.id) ? `test-${one.id}` : one.id, split: 'test' as const })),
  ];
}

function hashOf(data: readonly (readonly PlannedRecording[])[], lists: readonly PlannedList[]): string {
  const hash = createHash('sha256');
  for (const recordings of data)
    for (const { path, file, part, speaker } of recordings)
      hash.update(`${path}\t${file}\t${JSON.stringify(part)}\t${speaker}\n`);
  for (const { name, trials } of lists) hash.update(`${name}\t${trials.length}\n`);
  return hash.digest('hex');
}
