import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs, { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { lockOwner, tryLock, withLock } from '../../src/io/lock.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

test('one holder works, the other waits for it and says so', async (t) => {
  const path = join(temporaryFolder(t), 'lock');
  const order: string[] = [];
  let release = (): void => {};
  const held = new Promise<void>((settle) => {
    release = settle;
  });
  const first = withLock(path, { sleep: setImmediate }, async () => {
    order.push('first in');
    await held;
    order.push('first out');
  });
  const waiting: string[] = [];
  const sleep = async (): Promise<unknown> => {
    release();
    return setImmediate();
  };
  const second = withLock(path, { onWait: (owner) => waiting.push(owner), sleep }, async () => order.push('second'));
  await Promise.all([first, second]);
  t.deepEqual(order, ['first in', 'first out', 'second']);
  t.deepEqual(waiting, [`process ${process.pid} on ${hostname()}`]);
  t.false(existsSync(path));
});

test('a lock is released when the work fails', async (t) => {
  const path = join(temporaryFolder(t), 'lock');
  await t.throwsAsync(
    withLock(path, {}, () => Promise.reject(new Error('work'))),
    { message: 'work' },
  );
  t.false(existsSync(path));
});

test('the lock of a killed process is taken over at once', async (t) => {
  const path = join(temporaryFolder(t), 'lock');
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(path, JSON.stringify({ pid, host: hostname(), mark: 'dead' }));
  const sleep = (): Promise<never> => Promise.reject(new Error('waited'));
  t.is(await withLock(path, { sleep }, async () => readFileSync(path, 'utf8').includes('dead')), false);
});

test('a lock of another host is taken over when its heartbeat rests', async (t) => {
  const path = join(temporaryFolder(t), 'lock');
  writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere', mark: 'far' }));
  let sleptMs = 0;
  const sleep = async (milliseconds: number): Promise<unknown> => {
    sleptMs += milliseconds;
    return undefined;
  };
  t.is(await withLock(path, { sleep, abandonedAfterMs: 20_000 }, async () => 'mine'), 'mine');
  t.true(sleptMs >= 20_000 && sleptMs < 20_100, `${sleptMs}`);
});

test('a heartbeat keeps the lock, and only those who ask for it take an abandoned one over', async (t) => {
  const path = join(temporaryFolder(t), 'lock');
  writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere' }));
  let beats = 0;
  const beat = async (): Promise<unknown> => {
    beats++;
    utimesSync(path, beats, beats);
    if (beats === 1000) rmSync(path);
    return undefined;
  };
  await withLock(path, { sleep: beat, abandonedAfterMs: 1000 }, async () => t.is(beats, 1000));
  writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere' }));
  let polls = 0;
  const sleep = async (): Promise<unknown> => {
    polls++;
    if (polls === 1000) rmSync(path);
    return undefined;
  };
  await withLock(path, { sleep }, async () => t.is(polls, 1000));
});

test('the wait ends with the signal', async (t) => {
  const path = join(temporaryFolder(t), 'lock');
  const release = tryLock(path)!;
  const signal = AbortSignal.abort(new Error('enough'));
  await t.throwsAsync(
    withLock(path, { signal }, async () => t.fail()),
    { message: 'enough' },
  );
  release();
});

test('a claim on a dead lock that a killed process left is removed, and the lock taken over', async (t) => {
  const path = join(temporaryFolder(t), 'lock');
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(path, JSON.stringify({ pid, host: hostname() }));
  writeFileSync(`${path}.stale`, '');
  t.is(tryLock(path), undefined, 'another process may be at it');
  t.is(lockOwner(path), `process ${pid} on ${hostname()}`);
  utimesSync(`${path}.stale`, 1, 1);
  await withLock(path, {}, async () => t.is(lockOwner(path), `process ${process.pid} on ${hostname()}`));
  t.false(existsSync(path) || existsSync(`${path}.stale`));
});

const linux = process.platform === 'linux' ? test : test.skip;

linux('the lock of a process that ended unnoticed by its parent is taken over', async (t) => {
  const path = join(temporaryFolder(t), 'lock');
  // The shell becomes a program that knows of no child.
  const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => parent.kill('SIGKILL'));
  const [text] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(text);
  const stat = () => readFileSync(`/proc/${pid}/stat`, 'utf8');
  const started = stat()
    .slice(stat().lastIndexOf(')') + 2)
    .split(' ')[19];
  writeFileSync(path, JSON.stringify({ pid, host: hostname(), started }));
  while (!/\) Z /.test(stat())) {
    t.is(tryLock(path), undefined, 'it is still running');
    await setImmediate();
  }
  t.truthy(tryLock(path));
});

test('a lock appears with its content, and is taken where files have one name only, too', (t) => {
  const path = join(temporaryFolder(t), 'lock');
  const { linkSync } = fs;
  t.teardown(() => {
    fs.linkSync = linkSync;
    syncBuiltinESMExports();
  });
  fs.linkSync = (from, to) => {
    t.false(existsSync(to), 'no process sees an unfinished lock');
    t.is(lockOwner(String(from)), `process ${process.pid} on ${hostname()}`);
    throw Object.assign(new Error('one name only'), { code: 'EPERM' });
  };
  syncBuiltinESMExports();
  const release = tryLock(path)!;
  t.is(lockOwner(path), `process ${process.pid} on ${hostname()}`);
  t.is(tryLock(path), undefined);
  t.deepEqual(readdirSync(join(path, '..')), [basename(path)]);
  release();
  t.false(existsSync(path));
});
