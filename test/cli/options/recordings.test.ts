import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { filesBelow, recordingsOf } from '../../../src/cli/options/recordings.js';
import { UserError } from '../../../src/errors.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const HEADER = 'id\tpath\tspeaker\tsplit\tseconds\tlanguage\n';

test('a folder stands for all recordings below it, called by their paths in it; links and other files are left out', (t) => {
  const dir = temporaryFolder(t, {
    'recs/b.FLAC': '',
    'recs/a b/ü.wav': '',
    'recs/a b/notes.txt': '',
    'recs/.hidden/c.wav': '',
    'other/d.opus': '',
  });
  const [recs, other] = [join(dir, 'recs'), join(dir, 'other')];
  symlinkSync(join(other, 'd.opus'), join(recs, 'link.opus'));
  const skipped = [
    { file: join(recs, 'link.opus'), reason: `${join(recs, 'link.opus')}: a symbolic link; links are not followed` },
  ];
  const named = { recordings: ['a b/ü.wav', 'b.FLAC'].map((name) => ({ name, path: join(recs, name) })), skipped };
  t.deepEqual(recordingsOf([recs], {}), named);
  t.deepEqual(recordingsOf([], { list: recs }), named);
  const both = recordingsOf([recs, join(other, 'd.opus'), other], {});
  t.deepEqual(
    both.recordings.map(({ name, path }) => [name === path, path]),
    [join(recs, 'a b/ü.wav'), join(recs, 'b.FLAC'), join(other, 'd.opus'), join(other, 'd.opus')].map((path) => [
      true,
      path,
    ]),
  );
  t.deepEqual(both.skipped, skipped);
});

test('a corpus folder gives what it lists; a folder without recordings says what it holds', (t) => {
  const dir = temporaryFolder(t, {
    'corpus/manifest.tsv': `${HEADER}u1\twav/u1.wav\ts\ttest\t1\t-\n`,
    'corpus/channel/u1.wav': '',
    'texts/a.mid': '',
  });
  const listed = { name: 'u1', path: join(dir, 'corpus/wav/u1.wav') };
  t.deepEqual(recordingsOf([join(dir, 'corpus')], {}), { recordings: [listed], skipped: [] });
  t.throws(() => filesBelow([join(dir, 'texts')]), {
    instanceOf: UserError,
    message: /texts holds no recordings .*1 \.mid files: name them one by one, or convert them/,
  });
  mkdirSync(join(dir, 'empty'));
  writeFileSync(join(dir, 'empty', 'x'), '');
  t.throws(() => filesBelow([join(dir, 'empty')]), { instanceOf: UserError, message: /holds no recordings/ });
});
