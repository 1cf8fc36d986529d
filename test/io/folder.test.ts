import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { isFolder, makeFolder } from '../../src/io/folder.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

test('missing folders are made, those that are there stay', (t) => {
  const dir = temporaryFolder(t);
  makeFolder(join(dir, 'a', 'b', 'c'));
  t.true(isFolder(join(dir, 'a', 'b', 'c')));
  writeFileSync(join(dir, 'a', 'b', 'file'), '');
  makeFolder(join(dir, 'a', 'b'));
  t.true(existsSync(join(dir, 'a', 'b', 'file')));
  symlinkSync(join(dir, 'a'), join(dir, 'link'));
  makeFolder(join(dir, 'link', 'd'));
  t.true(isFolder(join(dir, 'a', 'd')));
});

test("a file in the way, and a link that leads nowhere, are the system's errors", (t) => {
  const dir = temporaryFolder(t);
  writeFileSync(join(dir, 'file'), '');
  for (const path of ['file', join('file', 'b'), join('file', 'b', 'c')]) {
    t.throws(() => makeFolder(join(dir, path)), { code: 'EEXIST' });
  }
  symlinkSync(join(dir, 'nowhere'), join(dir, 'link'));
  t.throws(() => makeFolder(join(dir, 'link', 'b')), { code: 'EEXIST' });
});

test('where the system lets no folder be made, that is an error and no endless loop', (t) => {
  if (process.platform !== 'linux') return t.pass();
  t.throws(() => makeFolder('/proc/no-folder'), { code: 'ENOENT' });
  t.throws(() => makeFolder('/proc/no-folder/below/it'), { code: 'ENOENT' });
});
