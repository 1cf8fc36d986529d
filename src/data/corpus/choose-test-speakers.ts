import type { Rng } from '../../random.js';

/** Number of a speaker's utterances. Speakers of one group may be one person and stay on one side of a split. */
export interface SpeakerCount {
  speaker: string;
  group: string;
  utterances: number;
}

/** Speakers with fewer utterances serve for training only. */
export const MIN_TEST_UTTERANCES = 5;

/**
 * Draws the test speakers: groups in random order, each taken whole, until `count` speakers are reached; a group that
 * would exceed the count is skipped. A group can be drawn when each of its speakers has at least `minUtterances`;
 * speakers below `MIN_TEST_UTTERANCES` do not count, they can be left out. No system's results play a part.
 */
export function chooseTestSpeakers(
  speakers: readonly SpeakerCount[],
  { count, minUtterances = MIN_TEST_UTTERANCES }: { count: number; minUtterances?: number },
  rng: Rng,
): Set<string> {
  const groups = new Map<string, SpeakerCount[]>();
  for (const speaker of speakers) {
    if (speaker.utterances < MIN_TEST_UTTERANCES) continue;
    groups.set(speaker.group, [...(groups.get(speaker.group) ?? []), speaker]);
  }
  const eligible = [...groups.values()].filter((group) => group.every(({ utterances }) => utterances >= minUtterances));
  const chosen = new Set<string>();
  for (const group of rng.shuffle(eligible)) {
    if (chosen.size + group.length > count) continue;
    for (const { speaker } of group) chosen.add(speaker);
  }
  return chosen;
}
