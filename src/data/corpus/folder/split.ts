import { UserError } from '../../../errors.js';
import { createRng } from '../../../random.js';
import { type Rows, rowsFrom } from '../../packed-rows.js';
import { chooseTestSpeakers, MIN_TEST_UTTERANCES, type SpeakerCount } from '../choose-test-speakers.js';
import type { FinishedUtterance } from '../finish-corpus.js';

const TEST_SHARE = 0.2;
const MIN_TEST_SPEAKERS = 2;

/**
 * Puts the utterances of some speakers on the test side: `testSpeakers` of those with at least five utterances, by
 * default a fifth of them, at least two, and none where fewer than two would be left to train on. Utterances without a
 * speaker all train.
 * @throws UserError when there are not as many speakers as asked for, or none would be left to train on
 */
export function splitSpeakers(
  utterances: Rows<FinishedUtterance>,
  testSpeakers: number | undefined,
  seed: number,
): Rows<FinishedUtterance> {
  const speakers = countSpeakers(utterances);
  const eligible = speakers.filter(({ utterances }) => utterances >= MIN_TEST_UTTERANCES).length;
  const count = testSpeakers ?? defaultCount(eligible, speakers.length);
  if (count > 0) check(count, eligible, speakers.length);
  const chosen = chooseTestSpeakers(speakers, { count }, createRng(seed).fork('test speakers'));
  return rowsFrom(utterances.length, function* (): Generator<FinishedUtterance> {
    for (const utterance of utterances) {
      const isTest = utterance.speaker !== null && chosen.has(utterance.speaker);
      yield isTest ? { ...utterance, split: 'test' } : utterance;
    }
  });
}

function countSpeakers(utterances: Iterable<FinishedUtterance>): SpeakerCount[] {
  const counts = new Map<string, SpeakerCount>();
  for (const { speaker, group } of utterances) {
    if (speaker === null) continue;
    counts.set(speaker, { speaker, group, utterances: (counts.get(speaker)?.utterances ?? 0) + 1 });
  }
  return [...counts.values()];
}

function defaultCount(eligible: number, speakers: number): number {
  const count = Math.max(MIN_TEST_SPEAKERS, Math.round(TEST_SHARE * eligible));
  return eligible >= MIN_TEST_SPEAKERS && speakers - count >= MIN_TEST_SPEAKERS ? count : 0;
}

function check(count: number, eligible: number, speakers: number): void {
  if (count < MIN_TEST_SPEAKERS) throw new UserError(`Trials need at least 2 test speakers, not ${count}; 0 is none.`);
  const enough = `${eligible} of ${speakers} speakers have the ${MIN_TEST_UTTERANCES} utterances that a test speaker needs`;
  if (count > eligible) throw new UserError(`${count} test speakers were asked for, but ${enough}. Ask for fewer.`);
  if (count === speakers) throw new UserError(`With ${count} test speakers nobody is left to train on. Ask for fewer.`);
}
