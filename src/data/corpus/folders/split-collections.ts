import { UserError } from '../../../errors.js';
import { packedRows, type Rows } from '../../packed-rows.js';
import type { BuildOptions } from '../build-options.js';
import type { Skipped } from '../finish-corpus.js';
import type { PlannedRecording } from '../planned-corpus.js';
import type { Collection, CollectionRecording } from './collection.js';
import type { TestFolders } from './test-folders.js';

const NAMES_SHOWN = 5;

/** What is kept for tests. */
interface Tested extends Pick<BuildOptions, 'log'> {
  /** The recordings that trials name; undefined where there are no trials. */
  named: ReadonlySet<string> | undefined;
  tests: TestFolders | undefined;
}

/** The two sides of a corpus, and what is on none. */
interface SplitRecordings {
  /** Named by their paths; without ids. */
  recordings: Rows<PlannedRecording>;
  heldOut: Rows<Skipped>;
}

/**
 * Puts each recording on a side. Tested is what trials name; without trials, what is kept for tests. Whoever has a recording that is
 * tested or kept for tests is not trained on.
 * @throws UserError for a tested recording of somebody unknown in a folder to train on, and when nothing is left to train on
 */
export function splitCollections(collections: readonly Collection[], tested: Tested): SplitRecordings {
  const { named, tests, log } = tested;
  const isKept = ({ path, split }: CollectionRecording) => tests?.holds(path) === true || split === 'test';
  const isTested = (one: CollectionRecording) => named?.has(one.path) ?? isKept(one);
  const speakers = testedSpeakers(collections, isTested, isKept);
  const recordings = packedRows<PlannedRecording>();
  const heldOut = packedRows<Skipped>();
  let trained = 0;
  for (const { name, root, recordings: all } of collections) {
    const counts = { train: 0, test: 0, 'held out': 0 };
    for (const one of all) {
      const reason = isKept(one)
        ? 'it is kept for tests'
        : speakers.has(one.speaker ?? '')
          ? 'its speaker is tested'
          : '';
      const side = isTested(one) ? 'test' : reason === '' ? 'train' : 'held out';
      counts[side]++;
      if (side === 'held out') heldOut.push({ file: one.path, kind: side, reason: `${reason}, and no trial names it` });
      else recordings.push({ ...one, id: '', split: side, root });
    }
    log?.(`${name}: ${counts.train} recordings to train on, ${counts.test} to test, ${counts['held out']} held out`);
    trained += counts.train;
  }
  if (trained === 0)
    throw new UserError('Nothing is left to train on: trials and tests take every speaker. Name a folder of others.');
  return { recordings, heldOut };
}

/** Everybody who is tested, or kept for tests. */
function testedSpeakers(
  collections: readonly Collection[],
  isTested: (one: CollectionRecording) => boolean,
  isKept: (one: CollectionRecording) => boolean,
): Set<string> {
  const speakers = new Set<string>();
  const leaks: string[] = [];
  for (const { recordings } of collections)
    for (const one of recordings) {
      const kept = isKept(one);
      if (!kept && !isTested(one)) continue;
      if (one.speaker !== null) speakers.add(one.speaker);
      else if (!kept) leaks.push(one.path);
    }
  if (leaks.length === 0) return speakers;
  const more = leaks.length > NAMES_SHOWN ? `, and ${leaks.length - NAMES_SHOWN} more` : '';
  throw new UserError(
    `Trials name ${leaks.length} recordings of unknown speakers in folders to train on, where the same people may be heard: ` +
      `${leaks.slice(0, NAMES_SHOWN).join(', ')}${more}. Write their folder into the file of tests, or say which part of the path ` +
      'names the speaker.',
  );
}
