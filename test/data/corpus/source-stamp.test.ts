import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { listStamp, sourceStamp, wavScpSound } from '../../../src/data/corpus/source-stamp.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

test('a stamp changes with the size, the time, the name and the number of files, and with nothing else', (t) => {
  const dir = temporaryFolder(t, { 'a/1.wav': 'one', 'a/b/2.wav': 'two' });
  const stamps = [sourceStamp([dir])];
  t.is(sourceStamp([dir]), stamps[0]);
  for (const change of [
    () => writeFileSync(join(dir, 'a/1.wav'), 'longer'),
    () => utimesSync(join(dir, 'a/1.wav'), 1, 1),
    () => writeFileSync(join(dir, 'a/b/3.wav'), ''),
    () => rmSync(join(dir, 'a/b/2.wav')),
  ]) {
    change();
    stamps.push(sourceStamp([dir]));
  }
  t.is(new Set(stamps).size, stamps.length);
  t.is(sourceStamp([dir, join(dir, 'gone')]), undefined);
});

test('the stamp of a wav.scp covers what it names: files and archives, not commands', (t) => {
  const dir = temporaryFolder(t, {
    'wav.scp': 'u1 a.wav\nu2 wav.ark:17\nu3 cat c.wav |\n',
    'a.wav': '1',
    'wav.ark': '2',
    'c.wav': '3',
  });
  const stamp = () => listStamp(join(dir, 'wav.scp'), (line) => wavScpSound(line, dir));
  const first = stamp();
  writeFileSync(join(dir, 'c.wav'), 'other');
  t.is(stamp(), first);
  writeFileSync(join(dir, 'wav.ark'), 'other');
  const second = stamp();
  t.not(second, first);
  rmSync(join(dir, 'a.wav'));
  t.not(stamp(), second);
  t.is(
    listStamp(join(dir, 'gone'), () => undefined),
    undefined,
  );
});
