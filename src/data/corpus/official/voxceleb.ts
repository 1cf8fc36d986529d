import { audioExtensions } from '../../../audio/decode/formats.js';
import { UserError } from '../../../errors.js';
import { createNameTable } from '../../name-table.js';
import { packedRows, type Rows } from '../../packed-rows.js';
import { createTextStore } from '../../text-store.js';
import { readTrials, trialUtterances } from '../../trials.js';
import type { CorpusSummary } from '../corpus-folder.js';
import type { Skipped } from '../finish-corpus.js';
import { keepApart } from '../keep-apart.js';
import type { PlannedList, PlannedRecording } from '../planned-corpus.js';
import { listRecordings } from '../recordings.js';
import { buildShardCorpus, type ShardCorpusOptions } from '../shard-corpus.js';
import { translateTrials } from '../trial-lists.js';
import { type Genders, readVoxCelebMeta } from './speaker-facts.js';
import { findBeside, findLists, type ListFile } from './trials.js';

/** Options of `buildVoxCeleb`. */
export interface VoxCelebOptions extends ShardCorpusOptions {
  /** 1: trains on what the lists leave. 2: trains on dev; the lists are VoxCeleb1's, from `testRoot`. */
  edition: 1 | 2;
  /** A folder with `id.../video/utterance` below it, at any depth: as distributed, or a part of it. */
  root: string;
  /** Folder of the trial lists' recordings. Default: `root`. */
  testRoot?: string;
  /** Files of trial lists. Default: the cleaned official ones that lie beside the recordings (edition 1: O only). */
  trials?: readonly string[];
}

/**
 * Makes a corpus of VoxCeleb in its official layout, wav or m4a. Speakers named by a trial list are tested and not trained on;
 * nor are those of a `test` folder, and VoxCeleb1's official test speakers.
 * @throws UserError when a list names recordings that are not there (all of them), or nobody is left to train on
 */
export async function buildVoxCeleb(options: VoxCelebOptions): Promise<CorpusSummary> {
  const { edition, root, testRoot } = options;
  if (edition === 2 && options.trials && !testRoot)
    throw new UserError('VoxCeleb2 has no trial lists of its own: give the folder of VoxCeleb1 with --test-root.');
  for (const folder of [root, ...(testRoot ? [testRoot] : [])]) keepApart(options.out, folder);
  const main = readTree(root);
  const tests = testRoot ? readTree(testRoot) : main;
  const files =
    edition === 2 && !testRoot
      ? []
      : findLists(options.trials, testRoot ?? root, edition === 1 && !testRoot ? ['o'] : ['o', 'e', 'h']);
  const lists = planLists(files, tests);
  const named = new Set(lists.flatMap(({ trials }) => trialUtterances(trials)));
  const tested = new Set(Array.from(named, (path) => path.split('/')[0]));
  const skipped = packedRows<Skipped>();
  for (const tree of new Set([main, tests])) for (const file of tree.skipped) skipped.push(file);
  const recordings = packedRows<PlannedRecording>();
  let trains = 0;
  for (const recording of main.recordings) {
    const reason = heldOut(recording, tested, edition);
    if (tests === main && named.has(recording.path)) recordings.push({ ...recording, split: 'test' });
    else if (reason) skipped.push({ file: recording.file, kind: 'held out', reason });
    else {
      recordings.push(recording);
      trains++;
    }
  }
  if (trains === 0) throw nobodyLeft(files);
  if (tests !== main) {
    for (const recording of tests.recordings)
      if (named.has(recording.path)) recordings.push({ ...recording, id: `test-${recording.id}`, split: 'test' });
  }
  const identity = {
    name: `voxceleb${edition}`,
    options: {
      root: main.root,
      hash: main.hash,
      testRoot: testRoot ? tests.root : null,
      testHash: testRoot ? tests.hash : null,
      lists: lists.map(({ name, trials }) => ({ name, trials: trials.length })),
    },
  };
  return buildShardCorpus({ identity, recordings, lists, skipped, origin: ORIGIN, seed: 1 }, options);
}

const ORIGIN =
  'VoxCeleb (Visual Geometry Group, University of Oxford): speech of celebrities from videos, https://www.robots.ox.ac.uk/~vgg/data/voxceleb/. ' +
  'Its terms of use go with the audio.';

interface Tree {
  root: string;
  hash: string;
  recordings: Rows<PlannedRecording>;
  skipped: Rows<Skipped>;
}

/** The end of a path in VoxCeleb's layout: speaker, video, utterance. */
const LAYOUT = /(?:^|\/)(id\d+)\/([^/]+)\/([^/]+)\.[^./]+$/;

function readTree(folder: string): Tree {
  const { root, files, skipped: passed, hash } = listRecordings(folder, audioExtensions);
  const recordings = packedRows<PlannedRecording>();
  const skipped = packedRows<Skipped>();
  for (const file of passed) skipped.push(file);
  // Keyed by `speaker/video/utterance`; a twin is another file of the same utterance.
  const keys = createNameTable();
  const taken = createTextStore();
  const genders = gendersOf(root);
  for (const file of files) {
    const key = keyOf(file);
    const number = key === undefined ? undefined : keys.add(key);
    const skip = (kind: string, reason: string) => skipped.push({ file, kind, reason });
    if (key === undefined) skip('another layout', "it does not lie in id.../video/, VoxCeleb's layout");
    else if (number! < taken.size) skip('another form', `${taken.at(number!)} is the same utterance`);
    else {
      taken.push(file);
      const speaker = key.slice(0, key.indexOf('/'));
      recordings.push({
        id: key.replaceAll('/', '-'),
        path: `${key}${file.slice(file.lastIndexOf('.'))}`,
        speaker,
        split: 'train',
        language: null,
        gender: genders.get(speaker) ?? null,
        root,
        file,
      });
    }
  }
  if (recordings.length === 0)
    throw new UserError(
      `${folder} has no recordings in VoxCeleb's layout (id10001/VIDEO/00001.wav or .m4a). Check the path.`,
    );
  return { root, hash, recordings, skipped };
}

/** `speaker/video/utterance`, whatever comes before it and whatever the extension; undefined for other paths. */
function keyOf(path: string): string | undefined {
  return LAYOUT.exec(path)?.slice(1).join('/');
}

function gendersOf(root: string): Genders {
  const tables = ['vox1_meta.csv', 'vox2_meta.csv'].flatMap((name) => findBeside(root, name) ?? []);
  return new Map(tables.flatMap((path) => [...readVoxCelebMeta(path)]));
}

/** The lists in paths of the corpus; only recordings that they name are held in memory. */
function planLists(files: readonly ListFile[], tests: Tree): PlannedList[] {
  const read = files.map((file) => ({ ...file, trials: readTrials(file.path) }));
  const named = new Set(read.flatMap(({ trials }) => trialUtterances(trials).flatMap((name) => keyOf(name) ?? [])));
  const paths = new Map<string, string>();
  for (const { path } of named.size > 0 ? tests.recordings : []) {
    const key = keyOf(path)!;
    if (named.has(key)) paths.set(key, path);
  }
  const pathOf = (listed: string) => paths.get(keyOf(listed) ?? '');
  return read.map(({ name, path, trials }) => ({ name, trials: translateTrials(trials, pathOf, path) }));
}

/** VoxCeleb1's 40 test speakers, whose names begin with E (the test folder of its distribution). */
const isOfficialTest = (speaker: string): boolean => speaker >= 'id10270' && speaker <= 'id10309';

/** The reason for which a recording must not be trained on; null if it may. */
function heldOut({ speaker, file }: PlannedRecording, tested: ReadonlySet<string>, edition: 1 | 2): string | null {
  if (tested.has(speaker ?? '')) return 'its speaker is tested, and no trial names it';
  if (/(?:^|\/)test\//.test(file)) return 'it lies in the test folder, and no trial names it';
  if (edition === 1 && isOfficialTest(speaker ?? '')) return 'its speaker is one of the official test speakers';
  return null;
}

const nobodyLeft = (files: readonly ListFile[]): UserError =>
  new UserError(
    `Nobody is left to train on: ${files.map(({ name }) => name).join(', ') || 'the test folder'} takes every speaker. ` +
      'E and H test the speakers of VoxCeleb1 dev too: train on VoxCeleb2 then ' +
      '(voxloop corpus voxceleb2 --root VOXCELEB2/dev --test-root VOXCELEB1).',
  );
