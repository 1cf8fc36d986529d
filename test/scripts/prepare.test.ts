import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const scripts = fileURLToPath(new URL('../../../scripts/', import.meta.url));

test('the script starts without any dependency installed, and names its steps', (t) => {
  const clone = temporaryFolder(t);
  cpSync(scripts, join(clone, 'scripts'), { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, ['scripts/prepare.mjs', 'bulid'], {
    cwd: clone,
    encoding: 'utf8',
  });
  t.is(stderr, "scripts/prepare.mjs: unknown step 'bulid'; the steps are build and library\n");
  t.is(status, 2);
});

test('nothing is installed through a link, for npm would empty the folder it leads to', (t) => {
  const [clone, shared] = [temporaryFolder(t), temporaryFolder(t)];
  cpSync(scripts, join(clone, 'scripts'), { recursive: true });
  writeFileSync(join(clone, 'package.json'), '{"name": "clone", "version": "1.0.0"}');
  writeFileSync(
    join(clone, 'package-lock.json'),
    '{"name": "clone", "version": "1.0.0", "lockfileVersion": 3, "packages": {}}',
  );
  mkdirSync(join(shared, 'others'));
  symlinkSync(shared, join(clone, 'node_modules'));
  const { status, stderr } = spawnSync(process.execPath, ['scripts/prepare.mjs', 'build'], {
    cwd: clone,
    encoding: 'utf8',
  });
  t.regex(stderr, /node_modules is a link, and what it leads to was not installed from this package-lock\.json/);
  t.is(status, 2);
  t.deepEqual(readdirSync(shared), ['others']);
});
