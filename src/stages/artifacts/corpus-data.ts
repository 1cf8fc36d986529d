import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { channelPath } from '../../data/corpus/finish-corpus.js';
import { enrolmentFile, listFile, readEnrolments } from '../../data/corpus/trial-lists.js';
import { type Manifest, readManifest, type Utterance } from '../../data/manifest.js';
import { openShards, pickUtterances, type ShardSet } from '../../data/shards/shards.js';
import { readTrials, type Trial, trialUtterances } from '../../data/trials.js';
import { readResult } from '../../plugin/read-result.js';
import type { Artifact } from '../../plugin/stage.js';

/** The forms in which the test utterances of built corpora exist, each with a trial list. */
export const LISTS = ['clean', 'channel'] as const;
/** One of LISTS, or the name of an official list. */
export type ListName = string;

/** The training part of a corpus artifact, opened. */
export interface TrainingData {
  /** The corpus folder. */
  dir: string;
  manifest: Manifest;
  train: ShardSet;
  /** Speaker of each training utterance, '' where unknown; for measurement only. */
  trainSpeakers: string[];
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

/** The result of a stage that produces a corpus. */
export const corpusResult = z.object({
  /** The corpus folder where that is elsewhere; null for `corpus` in the stage's own folder. */
  path: z.string().nullable(),
});
type CorpusArtifact = Pick<Artifact, 'dir' | 'result'>;

/** Folder of the shards of one part of a corpus artifact, as the stage decodes them. */
export const shardsDir = (artifactDir: string, part: string): string => join(artifactDir, 'shards', part);

/** Folder of the corpus of a corpus artifact: its own, or the one it was pointed at. */
export const corpusDir = (artifact: CorpusArtifact): string =>
  readResult(artifact, corpusResult).path ?? join(artifact.dir, 'corpus');

/** The folder whose `shards` hold the audio: the artifact's where the stage decoded it, else the corpus folder. */
const shardsHolder = (artifact: CorpusArtifact, dir: string): string =>
  existsSync(shardsDir(artifact.dir, 'train')) ? artifact.dir : dir;

/** True where all lists are over one set of test shards in the corpus folder; else each form has its own shards. */
const hasOwnLists = (holder: string, dir: string): boolean => holder === dir && existsSync(shardsDir(dir, 'test'));

/** Opens the training part of a corpus; no trial list and no test utterance is read. */
export function openTraining(artifact: CorpusArtifact): TrainingData {
  const dir = corpusDir(artifact);
  const manifest = readManifest(dir);
  const train = openShards(shardsDir(shardsHolder(artifact, dir), 'train'));
  const speakers = new Map(manifest.utterances.map(({ id, speaker }) => [id, speaker ?? '']));
  return { dir, manifest, train, trainSpeakers: train.ids.map((id) => speakers.get(id) ?? '') };
}

/** The names of a corpus' trial lists; none for a corpus without known speakers. Opens nothing. */
export function trialListNames(artifact: CorpusArtifact): ListName[] {
  const dir = corpusDir(artifact);
  const holder = shardsHolder(artifact, dir);
  if (hasOwnLists(holder, dir)) return officialLists(dir);
  return LISTS.filter((name) => existsSync(shardsDir(holder, name)));
}

/** Opens the trial lists of a corpus and the test utterances they name. @param manifest the corpus', where it is at hand */
export function openTrialLists(artifact: CorpusArtifact, manifest = readManifest(corpusDir(artifact))): TestList[] {
  const dir = corpusDir(artifact);
  const holder = shardsHolder(artifact, dir);
  const byId = new Map(manifest.utterances.map((utterance) => [utterance.id, utterance]));
  return hasOwnLists(holder, dir) ? ownLists(dir, byId) : formLists(holder, dir, byId);
}

/** openTrialLists for a stage that steps aside where there is none: it says so in one line, and scores nothing. */
export function trialListsToScore(
  artifact: CorpusArtifact,
  log: (line: string) => void,
  manifest?: Manifest,
): TestList[] {
  const lists = openTrialLists(artifact, manifest);
  if (lists.length === 0) log('the corpus has no trial lists, for want of known speakers: nothing is scored');
  return lists;
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

/** The lists of a corpus whose test utterances exist in several forms, each with its own shards. */
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

/** True if every training utterance has a known speaker. */
export const speakersKnown = ({ trainSpeakers }: Pick<TrainingData, 'trainSpeakers'>): boolean =>
  trainSpeakers.every(Boolean);

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
