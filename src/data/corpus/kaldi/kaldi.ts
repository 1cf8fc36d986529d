import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type { FeatureDefinition } from '../../../audio/features/feature-definition.js';
import { UserError } from '../../../errors.js';
import type { NameTable } from '../../name-table.js';
import { packedRows, type Rows } from '../../packed-rows.js';
import { checkUtterances, readTrials, trialUtterances } from '../../trials.js';
import type { CorpusSummary } from '../corpus-folder.js';
import { keepApart } from '../keep-apart.js';
import { genderOf } from '../official/speaker-facts.js';
import { findLists } from '../official/trials.js';
import type { PlannedList, PlannedRecording } from '../planned-corpus.js';
import { safeNames } from '../safe-names.js';
import { buildShardCorpus, type ShardCorpusOptions } from '../shard-corpus.js';
import { readEnrolments, translateTrials } from '../trial-lists.js';
import { readKaldiData } from './kaldi-data.js';

/** Options of `buildKaldiCorpus`. */
export interface KaldiCorpusOptions extends ShardCorpusOptions {
  /** A data folder: wav.scp and, where they exist, segments, utt2spk, spk2gender, utt2lang. */
  root: string;
  /** A data folder of test utterances. Default: those that the trials name, of `root`. */
  testRoot?: string;
  /** Files of trial lists, in names of utterances. */
  trials?: readonly string[];
  /** A file of models and the utterances that enrol them. */
  enrolments?: string;
  /** Lets commands in wav.scp run. Default: false. */
  allowPipes?: boolean;
  /** Takes the features of feats.scp, which were computed so, in the place of recordings. Default: recordings. */
  features?: FeatureDefinition;
}

/**
 * Makes a corpus of Kaldi data folders. Utterances keep their names; the speakers of tested utterances are not trained on.
 * @throws UserError for broken or missing files, for commands that are not allowed, for trials that name unknown utterances
 */
export async function buildKaldiCorpus(options: KaldiCorpusOptions): Promise<CorpusSummary> {
  const { root, testRoot, allowPipes = false, features } = options;
  if (testRoot && !options.trials)
    throw new UserError('Test utterances without trials: give the trial list with --trials.');
  if (options.enrolments && !options.trials)
    throw new UserError('Enrolments without trials: give the trial list with --trials.');
  for (const folder of [root, ...(testRoot ? [testRoot] : [])]) keepApart(options.out, resolve(folder));
  const warn = (warning: string) => options.log?.(`Warning: ${warning}`);
  const reading = { allowPipes, features: features !== undefined, warn };
  const main = readPlan(root, reading);
  const tests = testRoot ? readPlan(testRoot, reading) : main;
  const files = findLists(options.trials ?? [], dirname(root), []);
  const models = options.enrolments ? readEnrolments(options.enrolments) : undefined;
  const enrolled = [...(models?.values() ?? [])].flat();
  checkUtterances(enrolled, (one) => tests.names.find(one) >= 0, options.enrolments);
  const lists = files.map(({ name, path }): PlannedList => {
    const pathOf = (one: string) => (tests.names.find(one) >= 0 || models?.has(one) ? one : undefined);
    return { name, trials: translateTrials(readTrials(path), pathOf, path), enrolments: models };
  });
  const named = new Set([...lists.flatMap(({ trials }) => trialUtterances(trials)), ...enrolled]);
  const recordings = splitByTrials(main.recordings, tests.recordings, named);
  const identity = {
    name: 'kaldi',
    options: {
      root: resolve(root),
      testRoot: testRoot ? resolve(testRoot) : null,
      allowPipes,
      ...(features && { features }),
      hash: hashOf([main.recordings, tests.recordings], lists),
    },
  };
  const origin = `The ${features ? 'features' : 'recordings'} of the Kaldi data folder \`${resolve(root)}\`. Their licences go with the audio.`;
  return buildShardCorpus({ identity, recordings, features, lists, skipped: [], origin, seed: 1 }, options);
}

/** A data folder as recordings, all of them for training, and their names. */
interface KaldiPlan {
  recordings: Rows<PlannedRecording>;
  names: NameTable;
}

function readPlan(root: string, reading: Parameters<typeof readKaldiData>[1]): KaldiPlan {
  const { names, utterances } = readKaldiData(root, reading);
  const idOf = safeNames(names);
  const recordings = packedRows<PlannedRecording>();
  for (const { name, path, part, speaker, language, gender } of utterances)
    recordings.push({
      id: idOf(name),
      path: name,
      speaker,
      split: 'train',
      language,
      gender: genderOf(gender),
      root: '',
      file: resolve(path),
      part,
    });
  return { recordings, names };
}

function splitByTrials(
  main: Rows<PlannedRecording>,
  tests: Rows<PlannedRecording>,
  named: ReadonlySet<string>,
): Rows<PlannedRecording> {
  const tested = new Set<string>();
  const testIds = new Set<string>();
  for (const { path, speaker, id } of named.size > 0 ? tests : []) {
    if (!named.has(path)) continue;
    testIds.add(id);
    if (speaker !== null) tested.add(speaker);
  }
  const trains = ({ path, speaker }: PlannedRecording) =>
    !(tests === main && named.has(path)) && !tested.has(speaker ?? '');
  const split = packedRows<PlannedRecording>();
  const shared = new Set<string>();
  for (const one of main) {
    if (!trains(one)) continue;
    split.push(one);
    if (testIds.has(one.id)) shared.add(one.id);
  }
  if (split.length === 0)
    throw new UserError(
      'Nothing is left to train on: the trials take every speaker. Give a folder of other speakers as --root.',
    );
  for (const one of named.size > 0 ? tests : [])
    if (named.has(one.path)) split.push({ ...one, id: shared.has(one.id) ? `test-${one.id}` : one.id, split: 'test' });
  return split;
}

function hashOf(data: readonly Rows<PlannedRecording>[], lists: readonly PlannedList[]): string {
  const hash = createHash('sha256');
  for (const recordings of data)
    for (const { path, file, part, speaker } of recordings)
      hash.update(`${path}\t${file}\t${JSON.stringify(part)}\t${speaker}\n`);
  for (const { name, trials } of lists) hash.update(`${name}\t${trials.length}\n`);
  return hash.digest('hex');
}
