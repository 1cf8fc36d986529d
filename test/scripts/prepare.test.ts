import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
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
