import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type { FeatureDefinition } from '../../../audio/features/feature-definition.js';
import { UserError } from '../../../errors.js';
import type { AudioPart } from '../../audio-part.js';
import type { NameTable } from '../../name-table.js';
import { chained, packedRows, type Rows } from '../../packed-rows.js';
import { checkUtterances, readTrials, trialUtterances } from '../../trials.js';
import type { CorpusSummary } from '../corpus-folder.js';
import type { Skipped } from '../finish-corpus.js';
import { keepApart } from '../keep-apart.js';
import { genderOf } from '../official/speaker-facts.js';
import { findLists } from '../official/trials.js';
import type { PlannedList, PlannedRecording } from '../planned-corpus.js';
import { safeNames } from '../safe-names.js';
import { buildShardCorpus, type ShardCorpusOptions } from '../shard-corpus.js';
import { readEnrolments, translateTrials } from '../trial-lists.js';

/** An utterance that a list of another toolkit names: a file, a part of it, or the output of a command. */
export interface ListedUtterance {
  name: string;
  /** Of the file; the recording's name where a command writes it. */
  path: string;
  part?: AudioPart;
  speaker: string | null;
  language: string | null;
  /** As the list has it. */
  gender: string | undefined;
}

/** What a list names, in its order. */
export interface ListedData {
  names: NameTable;
  utterances: Rows<ListedUtterance>;
  skipped?: Rows<Skipped>;
}

/** Options of every corpus that another toolkit's lists describe. */
export interface ListedCorpusOptions extends ShardCorpusOptions {
  /** The list, or the folder that holds it. */
  root: string;
  /** A list of test utterances. Default: those that the trials name, of `root`. */
  testRoot?: string;
  /** Files of trial lists, in names of utterances. */
  trials?: readonly string[];
  /** A file of models and the utterances that enrol them. */
  enrolments?: string;
}

/** A kind of lists. */
export interface ListKind {
  /** As the corpus calls its source. */
  name: string;
  /** A sentence on the origin of the sound, without its full stop. */
  origin: string;
  /** What --root names, for messages: `a folder`. */
  another: string;
  /** Whatever else decides on the content. */
  settings?: Record<string, unknown>;
  /** Where utterances are stored features: their definition. */
  features?: FeatureDefinition;
  read(root: string): Promise<ListedPlan>;
}

/** A list as recordings, all of them for training, and their names. */
export interface ListedPlan {
  recordings: Rows<PlannedRecording>;
  names: NameTable;
  skipped: Iterable<Skipped>;
}

/** The recordings that a list names. */
export function listedPlan({ names, utterances, skipped = [] }: ListedData): ListedPlan {
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
  return { recordings, names, skipped };
}

/**
 * Makes a corpus of what lists name. Utterances keep their names; the speakers of tested utterances are not trained on.
 * @throws UserError for broken or missing files, and for trials that name unknown utterances
 */
export async function buildListedCorpus(options: ListedCorpusOptions, kind: ListKind): Promise<CorpusSummary> {
  const { root, testRoot } = options;
  if (testRoot && !options.trials)
    throw new UserError('Test utterances without trials: give the trial list with --trials.');
  if (options.enrolments && !options.trials)
    throw new UserError('Enrolments without trials: give the trial list with --trials.');
  for (const folder of [root, ...(testRoot ? [testRoot] : [])]) keepApart(options.out, resolve(folder));
  const main = await kind.read(root);
  const tests = testRoot ? await kind.read(testRoot) : main;
  const { lists, enrolled } = listsOf(options, tests.names);
  const named = new Set([...lists.flatMap(({ trials }) => trialUtterances(trials)), ...enrolled]);
  const { recordings, heldOut } = splitByTrials(main.recordings, tests.recordings, named, kind.another);
  const identity = {
    name: kind.name,
    options: {
      root: resolve(root),
      testRoot: testRoot ? resolve(testRoot) : null,
      ...kind.settings,
      hash: hashOf([main.recordings, tests.recordings], lists),
    },
  };
  const skipped = chained([() => main.skipped, () => (tests === main ? [] : tests.skipped), () => heldOut]);
  const origin = `${kind.origin}. Their licences go with the audio.`;
  return buildShardCorpus({ identity, recordings, features: kind.features, lists, skipped, origin, seed: 1 }, options);
}

/** The trial lists, and the utterances that enrol models. */
function listsOf(
  { root, trials = [], enrolments }: ListedCorpusOptions,
  names: NameTable,
): { lists: PlannedList[]; enrolled: string[] } {
  const files = findLists(trials, dirname(root), []);
  const models = enrolments ? readEnrolments(enrolments) : undefined;
  const enrolled = [...(models?.values() ?? [])].flat();
  checkUtterances(enrolled, (one) => names.find(one) >= 0, enrolments);
  const pathOf = (one: string) => (names.find(one) >= 0 || models?.has(one) ? one : undefined);
  const lists = files.map(({ name, path }): PlannedList => {
    return { name, trials: translateTrials(readTrials(path), pathOf, path), enrolments: models };
  });
  return { lists, enrolled };
}

function splitByTrials(
  main: Rows<PlannedRecording>,
  tests: Rows<PlannedRecording>,
  named: ReadonlySet<string>,
  another: string,
): { recordings: Rows<PlannedRecording>; heldOut: Iterable<Skipped> } {
  const tested = new Set<string>();
  const testIds = new Set<string>();
  for (const { path, speaker, id } of named.size > 0 ? tests : []) {
    if (!named.has(path)) continue;
    testIds.add(id);
    if (speaker !== null) tested.add(speaker);
  }
  const isTest = ({ path }: PlannedRecording) => tests === main && named.has(path);
  const trains = (one: PlannedRecording) => !isTest(one) && !tested.has(one.speaker ?? '');
  const split = packedRows<PlannedRecording>();
  const shared = new Set<string>();
  for (const one of main) {
    if (!trains(one)) continue;
    split.push(one);
    if (testIds.has(one.id)) shared.add(one.id);
  }
  if (split.length === 0)
    throw new UserError(
      `Nothing is left to train on: the trials take every speaker. Give ${another} of other speakers as --root.`,
    );
  for (const one of named.size > 0 ? tests : [])
    if (named.has(one.path)) split.push({ ...one, id: shared.has(one.id) ? `test-${one.id}` : one.id, split: 'test' });
  const reason = 'its speaker is tested, and no trial names it';
  const heldOut = {
    *[Symbol.iterator](): Generator<Skipped> {
      for (const one of main) if (!trains(one) && !isTest(one)) yield { file: one.path, kind: 'held out', reason };
    },
  };
  return { recordings: split, heldOut };
}

function hashOf(data: readonly Rows<PlannedRecording>[], lists: readonly PlannedList[]): string {
  const hash = createHash('sha256');
  for (const recordings of data)
    for (const { path, file, part, speaker } of recordings)
      hash.update(`${path}\t${file}\t${JSON.stringify(part)}\t${speaker}\n`);
  for (const { name, trials } of lists) hash.update(`${name}\t${trials.length}\n`);
  return hash.digest('hex');
}
