import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { decimalOf } from '../../src/data/decimal-field.js';
import { readRecordingList } from '../../src/data/recording-list.js';
import { readRttm } from '../../src/diarize/rttm.js';
import { UserError } from '../../src/errors.js';
import { readScores } from '../../src/eval/score-files/scores-file.js';
import { readLines } from '../../src/io/lines.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

test('UTF-16 and Latin-1 are named, with the line where it is one line', async (t) => {
  const dir = temporaryFolder(t);
  const file = (name: string, content: Buffer | string) => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };
  const little = file('little', Buffer.from('\uFEFFa b\n', 'utf16le'));
  const big = file('big', Buffer.from('\uFEFFa b\n', 'utf16le').swap16());
  for (const path of [little, big]) {
    t.throws(() => [...readLines(path)], { instanceOf: UserError, message: /is UTF-16 text.*iconv/ });
    t.throws(() => readRttm(path), { instanceOf: UserError, message: /is UTF-16 text/ });
    t.throws(() => readRecordingList(path), { instanceOf: UserError, message: /is UTF-16 text/ });
    await t.throwsAsync(readScores(path), { instanceOf: UserError, message: /is UTF-16 text/ });
  }
  const latin = file('latin', Buffer.from('a\nM\u00fcller.wav\nb\n', 'latin1'));
  t.throws(() => [...readLines(latin)], { instanceOf: UserError, message: /latin:2: the line is not UTF-8 text/ });
  const unmarked = file('unmarked', Buffer.from('a b\n', 'utf16le'));
  t.throws(() => [...readLines(unmarked)], { instanceOf: UserError, message: /unmarked:1: the line is not UTF-8/ });
  t.deepEqual([...readLines(file('fine', '\uFEFFM\u00fcller\r\nb'))], ['M\u00fcller', 'b']);
});

test('a recording whose name is no UTF-8 is that recording\u2019s fault: the list goes on', (t) => {
  const dir = temporaryFolder(t);
  const list = join(dir, 'list');
  writeFileSync(list, Buffer.from('a.wav\nM\u00fcller.wav\nb.wav\n', 'latin1'));
  t.deepEqual(
    readRecordingList(list).map(({ path }) => path),
    ['a.wav', 'M\uFFFDller.wav', 'b.wav'],
  );
});

test('numbers of tables are finite decimals and nothing else', (t) => {
  t.deepEqual(['1', '-0.5', '+.25', '7.', '1e-3'].map(decimalOf), [1, -0.5, 0.25, 7, 0.001]);
  for (const field of [undefined, '', ' ', '0x10', 'inf', 'NaN', '1e999', '1,5', '1 2', '0b1'])
    t.is(decimalOf(field), Number.NaN, field);
});
