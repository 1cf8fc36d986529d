import { join } from 'node:path';
import test from 'ava';
import { readPairs, readRecordingList } from '../../src/data/recording-list.js';
import { UserError } from '../../src/errors.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const HEADER = 'id\tpath\tspeaker\tsplit\tseconds\tlanguage\n';

test('paths alone, names and paths, a wav.scp, a corpus folder and its manifest', (t) => {
  const dir = temporaryFolder(t, {
    'list.txt': '\uFEFFa b.wav\r\n\r\n/abs/c.wav\nmy name\tsub/d e.wav\n',
    'wav.scp': 'utt1  a b.wav\nutt2 /x/c.wav\n',
    'corpus/manifest.tsv': `${HEADER}u1\twav/u1.wav\ts\ttest\t1\t-\n`,
  });
  const at = (name: string) => join(dir, name);
  t.deepEqual(readRecordingList(at('list.txt'), '/r'), [
    { name: 'a b.wav', path: '/r/a b.wav' },
    { name: '/abs/c.wav', path: '/abs/c.wav' },
    { name: 'my name', path: '/r/sub/d e.wav' },
  ]);
  t.deepEqual(readRecordingList(at('wav.scp'), '/r'), [
    { name: 'utt1', path: '/r/a b.wav' },
    { name: 'utt2', path: '/x/c.wav' },
  ]);
  const corpus = [{ name: 'u1', path: join(dir, 'corpus/wav/u1.wav') }];
  t.deepEqual(readRecordingList(at('corpus')), corpus);
  t.deepEqual(readRecordingList(at('corpus/manifest.tsv')), corpus);
});

test('pipes, broken lines, names given twice, empty and missing lists are refused', (t) => {
  const dir = temporaryFolder(t, {
    'pipe.scp': 'a a.wav\nb sox x.wav -t wav - |\n',
    'broken.scp': 'a a.wav\nonly-a-name\n',
    'nameless.txt': 'a.wav\n\tb.wav\n',
    'twice.txt': 'a.wav\nb.wav\na.wav\n',
    'empty.txt': '\n \n',
  });
  const refused = (name: string, message: RegExp) =>
    t.throws(() => readRecordingList(join(dir, name)), { instanceOf: UserError, message });
  refused('pipe.scp', /pipe\.scp:2: "sox x\.wav -t wav - \|" is a command/);
  refused('broken.scp', /broken\.scp:2: expected "NAME PATH"/);
  refused('nameless.txt', /nameless\.txt:2: a name or a path is missing/);
  refused('twice.txt', /1 name more than once: a\.wav/);
  refused('empty.txt', /lists no recording/);
  refused('gone.txt', /does not exist/);
});

test('pairs are parted by a tab, or else by the first white space', (t) => {
  const dir = temporaryFolder(t, { list: 'Ann Lee\tx y.wav\nbob  z w.wav\n\nalone\n' });
  t.deepEqual(
    [...readPairs(join(dir, 'list'))],
    [
      { first: 'Ann Lee', second: 'x y.wav', line: 1 },
      { first: 'bob', second: 'z w.wav', line: 2 },
      { first: null, second: 'alone', line: 4 },
    ],
  );
});

test('separators of other alphabets and a lone carriage return are parts of a name like any other character', (t) => {
  const dir = temporaryFolder(t, { list: 'a\rb c\u2028d.wav\nx\u2029y\tz.wav\n', 'list.scp': 'u1 c\u2028d.wav\n' });
  t.deepEqual(
    [...readPairs(join(dir, 'list'))].map(({ second }) => second),
    ['b c\u2028d.wav', 'z.wav'],
  );
  t.deepEqual(
    readRecordingList(join(dir, 'list.scp'), dir).map(({ path }) => path),
    [join(dir, 'c\u2028d.wav')],
  );
});
