import { fileURLToPath } from 'node:url';
import { UserError } from '../../errors.js';
import { readLines } from '../../io/lines.js';
import { MIN_TEST_UTTERANCES, type SpeakerCount } from './choose-test-speakers.js';

/** The side of the split that a speaker is on; `none` is left out of the corpus. */
export type Side = 'train' | 'test' | 'none';

/** One line of a split list. */
export interface SplitEntry {
  side: Side;
  group: string;
  utterances: number;
}

/** The split lists that come with voxloop; this file is compiled to dist/src/data/corpus. */
export function bundledSplitList(name: string): string {
  return fileURLToPath(new URL(`../../../../configs/splits/${name}.tsv`, import.meta.url));
}

/**
 * Reads a split list: lines `speaker side group utterances`, tab-separated; lines that start with `#` are comments.
 * @throws UserError with the line number for a broken line
 */
export function readSplitList(path: string): Map<string, SplitEntry> {
  const entries = new Map<string, SplitEntry>();
  for (const [index, line] of [...readLines(path)].entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const [speaker, side, group, utterances, ...rest] = line.split('\t');
    if (
      (side !== 'train' && side !== 'test' && side !== 'none') ||
      !/^\d+$/.test(utterances ?? '') ||
      rest.length > 0
    ) {
      throw new UserError(
        `${path}:${index + 1}: expected "speaker train|test|none group utterances" with tabs between, got ${JSON.stringify(line)}.`,
      );
    }
    entries.set(speaker, { side, group, utterances: Number(utterances) });
  }
  return entries;
}

/**
 * Gives every speaker a side. The list decides; a speaker it does not know (a newer package) follows its group and else
 * trains. On the test side, speakers with fewer than five utterances are left out: they must not train either, as
 * another voice of their group may be the same person.
 */
export function assignSides(
  speakers: readonly SpeakerCount[],
  list: ReadonlyMap<string, SplitEntry>,
): Map<string, Side> {
  const testGroups = new Set([...list.values()].filter(({ side }) => side === 'test').map(({ group }) => group));
  return new Map(
    speakers.map(({ speaker, group, utterances }) => {
      const side = list.get(speaker)?.side ?? (testGroups.has(group) ? 'test' : 'train');
      return [speaker, side === 'test' && utterances < MIN_TEST_UTTERANCES ? 'none' : side];
    }),
  );
}
