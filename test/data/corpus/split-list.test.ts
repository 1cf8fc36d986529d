import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { chooseTestSpeakers, type SpeakerCount } from '../../../src/data/corpus/choose-test-speakers.js';
import { assignSides, bundledSplitList, readSplitList } from '../../../src/data/corpus/split-list.js';
import { UserError } from '../../../src/errors.js';
import { createRng } from '../../../src/random.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const list = readSplitList(bundledSplitList('debian'));
const entries = [...list].map(([speaker, entry]) => ({ speaker, ...entry }));

test("the debian list keeps a language's voices on one side and short speakers out of the test", (t) => {
  const tested = entries.filter(({ side }) => side === 'test');
  const trained = new Set(entries.filter(({ side }) => side === 'train').map(({ group }) => group));
  t.is(tested.length, 12);
  for (const { speaker, group, utterances } of tested) {
    t.false(trained.has(group), `${group} is on both sides`);
    t.true(utterances >= 5 && utterances <= 40, speaker);
  }
  for (const one of entries.filter(({ side }) => side === 'none')) t.true(one.utterances < 5, one.speaker);
  for (const { speaker, group } of entries.filter(({ speaker }) => !speaker.startsWith('asterisk'))) {
    const language = speaker.replace(/^\w+?-/, '').split('_')[0];
    t.is(group, `kde-${['nb', 'nn'].includes(language) ? 'no' : language}`);
  }
});

test('the debian list is what its comment says it was drawn as', (t) => {
  const volunteers = entries.filter(({ speaker }) => !speaker.startsWith('asterisk'));
  const rng = createRng(1).fork('test speakers');
  const drawn = chooseTestSpeakers(volunteers, { count: 12, minUtterances: 10 }, rng);
  const tested = entries.filter(({ side }) => side === 'test').map(({ speaker }) => speaker);
  t.deepEqual([...drawn].sort(), tested.sort());
});

test('groups are drawn whole, as many speakers as asked for, none with too few utterances', (t) => {
  const speakers: SpeakerCount[] = Array.from({ length: 30 }, (_, i) => ({
    speaker: `s${i}`,
    group: `g${i >> 1}`,
    utterances: 3 + (i % 7),
  }));
  for (let seed = 0; seed < 20; seed++) {
    const chosen = chooseTestSpeakers(speakers, { count: 6 }, createRng(seed));
    t.true(chosen.size >= 5 && chosen.size <= 6);
    for (const { speaker, group, utterances } of speakers) {
      if (utterances < 5) t.false(chosen.has(speaker));
      else if (chosen.has(speaker)) {
        t.true(speakers.every((one) => one.group !== group || one.utterances < 5 || chosen.has(one.speaker)));
      }
    }
    t.deepEqual(chooseTestSpeakers(speakers, { count: 6 }, createRng(seed)), chosen);
  }
});

test('a speaker the list does not know follows its group, and trains else', (t) => {
  const known = new Map([
    ['old', { side: 'test' as const, group: 'fr', utterances: 9 }],
    ['short', { side: 'test' as const, group: 'it', utterances: 9 }],
  ]);
  const speakers = [
    { speaker: 'old', group: 'fr', utterances: 9 },
    { speaker: 'short', group: 'it', utterances: 4 },
    { speaker: 'new', group: 'fr', utterances: 12 },
    { speaker: 'new and short', group: 'fr', utterances: 2 },
    { speaker: 'other', group: 'sv', utterances: 2 },
  ];
  t.deepEqual(Object.fromEntries(assignSides(speakers, known)), {
    old: 'test',
    short: 'none',
    new: 'test',
    'new and short': 'none',
    other: 'train',
  });
});

test('a broken line is named by its number', (t) => {
  const path = join(temporaryFolder(t), 'list.tsv');
  for (const line of ['a\tdev\tg\t5', 'a\ttrain\tg', 'a\ttrain\tg\tmany', 'a\ttrain\tg\t5\tmore']) {
    writeFileSync(path, `# a comment\n\n${line}\n`);
    t.throws(() => readSplitList(path), { instanceOf: UserError, message: /list\.tsv:3: expected "speaker train/ });
  }
  t.throws(() => readSplitList(`${path}.gone`), { instanceOf: UserError, message: /does not exist/ });
});
