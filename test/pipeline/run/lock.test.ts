import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { lockRun } from '../../../src/pipeline/run/lock.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const owner = (fields: object) => `${JSON.stringify({ host: hostname(), started: null, ...fields })}\n`;

test('a run directory has one owner at a time, and is given back', (t) => {
  const dir = join(temporaryFolder(t), 'deep', 'run');
  const release = lockRun(dir);
  t.throws(() => lockRun(dir), { instanceOf: UserError, message: new RegExp(`in use by process ${process.pid} on`) });
  release();
  t.false(existsSync(join(dir, 'lock')));
  lockRun(dir)();
});

test('the lock of a process that is gone is taken over', async (t) => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  const pid = child.pid;
  await once(child, 'exit');
  const dir = temporaryFolder(t, { lock: owner({ pid }) });
  const release = lockRun(dir);
  t.is(JSON.parse(readFileSync(join(dir, 'lock'), 'utf8')).pid, process.pid);
  release();
});

test('a later process with the same id is not the owner', (t) => {
  if (process.platform !== 'linux') return t.pass('no start times here');
  const dir = temporaryFolder(t, { lock: owner({ pid: process.pid, started: '1' }) });
  t.notThrows(lockRun(dir));
});

test('a lock of another machine, or one that cannot be read, is left alone', (t) => {
  const dir = temporaryFolder(t, { lock: owner({ pid: 1, host: 'elsewhere' }) });
  t.throws(() => lockRun(dir), { instanceOf: UserError, message: /in use by process 1 on elsewhere.*delete .*lock/ });
  writeFileSync(join(dir, 'lock'), '');
  t.throws(() => lockRun(dir), { instanceOf: UserError, message: /in use by another process/ });
});

test('a file where the run directory should be', (t) => {
  const dir = temporaryFolder(t, { run: '' });
  t.throws(() => lockRun(join(dir, 'run')), {
    instanceOf: UserError,
    message: /there is a file where a folder is needed/,
  });
});
