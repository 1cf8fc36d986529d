import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { attributesOf, readAttributeTable, withSpeakers } from '../../../src/inspect/probing/attribute-table.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const utterances = [
  { id: 'a-1', speaker: 'a' },
  { id: 'b-1', speaker: 'b' },
  { id: 'c-1', speaker: null },
];

test('tables of speakers and of utterances give the values of utterances, and speakers themselves', (t) => {
  const dir = temporaryFolder(t, {
    'speakers.tsv': 'speaker\tgender\tage\nb\tf\t-\na\tm\told\nelse\tf\told\n',
    'words.tsv': 'utterance\tword\tspeaker\nc-1\tyes\tnew\n\na-1\tno\t-\n',
  });
  const [bySpeaker, byUtterance] = ['speakers.tsv', 'words.tsv'].map((file) => readAttributeTable(join(dir, file)));
  const named = withSpeakers([bySpeaker, byUtterance], utterances);
  t.deepEqual(
    named.map(({ speaker }) => speaker),
    ['a', 'b', 'new'],
  );
  const values = attributesOf([bySpeaker, byUtterance], named);
  t.deepEqual(values.get('gender'), ['m', 'f', null]);
  t.deepEqual(values.get('age'), ['old', null, null]);
  t.deepEqual(values.get('word'), ['no', null, 'yes']);
});

test('a table that is broken, or names nobody, is refused with its place', (t) => {
  const dir = temporaryFolder(t);
  const fault = (text: string) => {
    const path = join(temporaryFolder(t, { 'table.tsv': text }), 'table.tsv');
    return t
      .throws(() => attributesOf([readAttributeTable(path)], utterances), { instanceOf: UserError })
      .message.replace(path, 'T');
  };
  t.regex(fault('name\tgender\n'), /^T:1: the header must be 'utterance' or 'speaker'/);
  t.regex(fault('speaker\tgender\tgender\n'), /^T:1: the attribute 'gender' has two columns/);
  t.is(fault('speaker\tgender\na\tf\tx\n'), 'T:2: expected 2 tab-separated fields, got 3.');
  t.is(fault('speaker\tgender\na\tf\na\tm\n'), "T:3: speaker 'a' has a line already.");
  t.regex(
    fault('speaker\tgender\nzoe\tf\n'),
    /^T names no speaker that is probed: its first is 'zoe', and here a name is 'a'\./,
  );
  t.throws(() => readAttributeTable(join(dir, 'missing.tsv')), { instanceOf: UserError });
});
