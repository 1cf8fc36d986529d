import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { channelPath } from '../../data/corpus/finish-corpus.js';
import { enrolmentFile, listFile, readEnrolments } from '../../data/corpus/trial-lists.js';
import { type Manifest, readManifest, type Utterance } from '../../data/manifest.js';
import { openShards, pickUtterances, type ShardSet } from '../../data/shards/shards.js';
import { readTrials, type Trial, trialUtterances } from '../../data/trials.js';
import { UserError } from '../../errors.js';
import type { Artifact } from '../../plugin/stage.js';

/** The forms in which test utterances of our own corpora exist, and so their trial lists. */
export const LISTS = ['clean', 'channel'] as const;
/** One of LISTS, or the name of an official list. */
export type ListName = string;

/** A corpus artifact, opened. */
export interface CorpusData {
  /** The corpus folder. */
  dir: string;
  manifest: Manifest;
  train: ShardSet;
  /** Speaker of each training utterance, '' where unknown; for measurement only. */
  trainSpeakers: string[];
  /** Trial lists; empty for a corpus without known speakers. */
  lists: TestList[];
}

/** One trial list and the utterances it names. */
export interface TestList {
  name: ListName;
  shards: ShardSet;
  trials: Trial[];
  /** Path, as trials name it, of each utterance of `shards`; then the names of `models`. */
  paths: string[];
  /** Speaker by that path. */
  speakers: Map<string, string>;
  /** Models that several utterances enrol: the numbers in `shards` whose mean embedding stands for each. */
  models: { name: string; utterances: number[] }[];
}

const result = z.object({ path: z.string().nullable() });

/** Folder of the shards of one part of a corpus artifact, as the stage decodes them. */
export const shardsDir = (artifactDir: string, part: string): string => join(artifactDir, 'shards', part);

/** Folder of the corpus of a corpus artifact: its own, or the one it was pointed at. */
export const corpusDir = (artifact: Pick<Artifact, 'dir' | 'result'>): string =>
  result.parse(artifact.result).path ?? join(artifact.dir, 'corpus');

/** Opens what a corpus stage left behind. */
export function openCorpus(artifact: Pick<Artifact, 'dir' | 'result'>): CorpusData {
  const dir = corpusDir(artifact);
  const manifest = readManifest(dir);
  const byId = new Map(manifest.utterances.map((utterance) => [utterance.id, utterance]));
  // A corpus of official recordings holds its shards itself.
  const holder = existsSync(shardsDir(artifact.dir, 'train')) ? artifact.dir : dir;
  const train = openShards(shardsDir(holder, 'train'));
  return {
    dir,
    manifest,
    train,
    trainSpeakers: train.ids.map((id) => byId.get(id)?.speaker ?? ''),
    lists: holder === dir && existsSync(shardsDir(dir, 'test')) ? ownLists(dir, byId) : formLists(holder, dir, byId),
  };
}

/** The lists of a corpus that holds its shards: each names some of the test utterances. */
function ownLists(dir: string, byId: Map<string, Utterance>): TestList[] {
  const test = openShards(shardsDir(dir, 'test'));
  const paths = test.ids.map((id) => byId.get(id)!.path);
  const places = new Map(paths.map((path, i) => [path, i]));
  return officialLists(dir).map((name) => {
    const trials = readTrials(listFile(dir, name));
    const enrolments = existsSync(enrolmentFile(dir, name))
      ? readEnrolments(enrolmentFile(dir, name))
      : new Map<string, string[]>();
    const named = [...trialUtterances(trials), ...[...enrolments.values()].flat()];
    const numbers = [...new Set(named.flatMap((path) => places.get(path) ?? []))].sort((a, b) => a - b);
    const rows = new Map(numbers.map((number, row) => [paths[number], row]));
    const models = [...enrolments].map(([model, parts]) => ({
      name: model,
      utterances: parts.map((path) => rows.get(path)!),
    }));
    const speakerOf = (number: number) => byId.get(test.ids[number])?.speaker ?? '';
    return {
      name,
      shards: pickUtterances(test, numbers),
      trials,
      paths: [...numbers.map((number) => paths[number]), ...models.map((model) => model.name)],
      speakers: new Map([
        ...numbers.map((number) => [paths[number], speakerOf(number)] as const),
        ...models.map((model) => [model.name, speakerOf(numbers[model.utterances[0]])] as const),
      ]),
      models,
    };
  });
}

/** The names of the lists of a corpus folder, in order. */
export function officialLists(dir: string): string[] {
  const folder = join(dir, 'trials');
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  return files.flatMap((file) => (/^(.*)(?<!\.enrolments)\.txt$/.exec(file) ?? []).slice(1));
}

/** The lists of a corpus whose test utterances exist in several forms: each has shards of its own. */
function formLists(artifactDir: string, dir: string, byId: Map<string, Utterance>): TestList[] {
  return LISTS.filter((name) => existsSync(shardsDir(artifactDir, name))).map((name) => {
    const shards = openShards(shardsDir(artifactDir, name));
    const utterances = shards.ids.map((id) => byId.get(id)!);
    const paths = utterances.map(({ path }) => listPath(path, name));
    const speakers = new Map(utterances.map(({ speaker }, i) => [paths[i], speaker ?? '']));
    return { name, shards, trials: readTrials(trialsPath(dir, name)), paths, speakers, models: [] };
  });
}

/** Path of an utterance in the form that a list uses. */
export const listPath = (path: string, name: ListName): string => (name === 'clean' ? path : channelPath(path));

/** File of a trial list. */
export const trialsPath = listFile;

/** Whether every training utterance has a known speaker. */
export const speakersKnown = (corpus: CorpusData): boolean => corpus.trainSpeakers.every(Boolean);

/** The corpus' trial lists; throws UserError when there are none. */
export function needLists(corpus: CorpusData): TestList[] {
  if (corpus.lists.length > 0) return corpus.lists;
  throw new UserError(
    `${corpus.dir} has no trial lists, because its speakers are not known. ` +
      'Leave the evaluate and baseline stages out, or build the corpus with known speakers (voxloop corpus dir --speaker).',
  );
}

/** Facts about the corpus and its licences, for the report. */
export function corpusNotes(dir: string): string[] {
  const facts = JSON.parse(readFileSync(join(dir, 'corpus.json'), 'utf8')) as {
    name?: string;
    skipped?: Record<string, number>;
  };
  const skipped = Object.entries(facts.skipped ?? {}).map(([reason, count]) => `${count} left out: ${reason}`);
  const licences = existsSync(join(dir, 'LICENSES.md'))
    ? ['Licences and sources: LICENSES.md in the corpus folder.']
    : [];
  return [`Corpus '${facts.name}'.`, ...skipped, ...licences];
}
