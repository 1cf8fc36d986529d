import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../../errors.js';
import { readLines } from '../../../io/lines.js';
import { packedRows, type Rows, rowsFrom } from '../../packed-rows.js';
import { checkUtterances, readTrials } from '../../trials.js';
import type { CorpusSummary } from '../corpus-folder.js';
import type { Skipped } from '../finish-corpus.js';
import { keepApart } from '../keep-apart.js';
import type { PlannedList, PlannedRecording } from '../planned-corpus.js';
import { listRecordings } from '../recordings.js';
import { safeNames } from '../safe-names.js';
import { buildShardCorpus, type ShardCorpusOptions } from '../shard-corpus.js';
import { readEnrolments, translateTrials } from '../trial-lists.js';

/** Options of `buildCnCeleb`. */
export interface CnCelebOptions extends ShardCorpusOptions {
  /** CN-Celeb (1) as distributed: `data`, `dev`, `eval`. */
  root: string;
  /** CN-Celeb2: `data`. All of it is trained on. */
  second?: string;
}

const EXTENSIONS = ['flac', 'wav'];

/**
 * Makes a corpus of CN-Celeb in its official layout: trains on `data` of the speakers in dev/dev.lst, and on CN-Celeb2. The evaluation
 * has two lists: `cnc-concat` with the recordings of eval/enroll, and `cnc-mean`, where a model is the mean of the recordings
 * that eval/lists/enroll.map names.
 * @throws UserError when the layout is another, or a list names recordings that are not there (all of them)
 */
export async function buildCnCeleb(options: CnCelebOptions): Promise<CorpusSummary> {
  const folders = [options.root, ...(options.second ? [options.second] : [])];
  for (const folder of folders) keepApart(options.out, folder);
  const trees = folders.map((folder) => listRecordings(folder, EXTENSIONS));
  const [first, second] = trees;
  const all = planAll(first.root, first.files);
  const lists = evaluationLists(first.root, new Map(Array.from(first.files, (file) => [keyOf(file), file])));
  const tested = new Set(
    lists.flatMap(({ trials, enrolments }) => [
      ...trials.flatMap(({ enrolment, test }) => [enrolment, test]),
      ...Array.from(enrolments?.values() ?? []).flat(),
    ]),
  );
  const trained = developmentSpeakers(first.root, all);
  const skipped = packedRows<Skipped>();
  for (const tree of trees) for (const file of tree.skipped) skipped.push(file);
  const recordings = packedRows<PlannedRecording>();
  for (const recording of all) {
    const { path, speaker, file } = recording;
    if (tested.has(path)) recordings.push({ ...recording, split: 'test' });
    else if (path.startsWith('data/') && trained.has(speaker ?? '')) recordings.push(recording);
    else
      skipped.push({
        file,
        kind: 'held out',
        reason: 'its speaker is not in dev/dev.lst, and no trial names it',
      });
  }
  if (second) {
    for (const recording of planAll(second.root, second.files))
      recordings.push({ ...recording, id: `cn2-${recording.id}` });
  }
  const identity = {
    name: 'cnceleb',
    options: { root: first.root, hash: first.hash, second: second?.root ?? null, secondHash: second?.hash ?? null },
  };
  const origin = 'CN-Celeb (CSLT, Tsinghua University), https://www.openslr.org/82/. Its licence goes with the audio.';
  return buildShardCorpus({ identity, recordings, lists, skipped, origin, seed: 1 }, options);
}

const keyOf = (path: string): string => path.replace(/\.[^./]+$/, '');

/** Speakers are folders of `data`, and the first part of the names in `eval`. */
function planAll(root: string, files: Rows<string>): Rows<PlannedRecording> {
  const idOf = safeNames(files, (file) => keyOf(file).replaceAll('/', '-'));
  return rowsFrom(files.length, function* () {
    for (const file of files) {
      const speaker = /(?:^|\/)(id\d+)(?=[-/])/.exec(file)?.[1] ?? null;
      yield { id: idOf(file), path: file, speaker, split: 'train', language: 'zh', gender: null, root, file };
    }
  });
}

function developmentSpeakers(root: string, all: Rows<PlannedRecording>): Set<string> {
  const list = join(root, 'dev', 'dev.lst');
  if (existsSync(list)) return new Set([...readLines(list)].map((line) => line.trim()).filter(Boolean));
  const evaluated = new Set<string | null>([null]);
  for (const { path, speaker } of all) if (path.startsWith('eval/')) evaluated.add(speaker);
  const others = new Set<string>();
  for (const { speaker } of all) if (speaker !== null && !evaluated.has(speaker)) others.add(speaker);
  return others;
}

/** The lists over paths of the corpus; `byKey` finds them without their extension. */
function evaluationLists(root: string, byKey: ReadonlyMap<string, string>): PlannedList[] {
  const file = (name: string) => join(root, 'eval', 'lists', name);
  const trialFile = file('trials.lst');
  if (!existsSync(trialFile)) {
    throw new UserError(
      `${trialFile} is missing: it is part of CN-Celeb. Give the folder that holds data, dev and eval.`,
    );
  }
  const trials = readTrials(trialFile);
  const evaluated = (name: string) => byKey.get(keyOf(`eval/${name}`));
  const single = new Map(
    [...readEnrolments(file('enroll.lst'))].map(([model, [recording]]) => [model, evaluated(recording)]),
  );
  const concat = {
    name: 'cnc-concat',
    trials: translateTrials(trials, (name) => single.get(name) ?? evaluated(name), trialFile),
  };
  if (!existsSync(file('enroll.map'))) return [concat];
  const models = readEnrolments(file('enroll.map'));
  const pathOf = (recording: string) => byKey.get(keyOf(`data/${recording}`)) ?? evaluated(recording);
  checkUtterances([...models.values()].flat(), (recording) => pathOf(recording) !== undefined, file('enroll.map'));
  const enrolments = new Map(
    [...models].map(([model, recordings]) => [model, recordings.map((recording) => pathOf(recording)!)]),
  );
  const mean = translateTrials(trials, (name) => (enrolments.has(name) ? name : evaluated(name)), trialFile);
  return [concat, { name: 'cnc-mean', trials: mean, enrolments }];
}
