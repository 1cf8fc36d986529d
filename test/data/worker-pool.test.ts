import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { inOrder, openWorkerPool, WorkerCrashError, WorkerStartError } from '../../src/data/worker-pool.js';
import { UserError } from '../../src/errors.js';

const module = new URL('./pool-worker.js', import.meta.url);

function open(t: ExecutionContext, size: number) {
  const pool = openWorkerPool<string, unknown>(module, size);
  t.teardown(() => pool.close());
  return pool;
}

test('outcomes come in the order of the tasks, whichever ends first', async (t) => {
  const tasks = ['wait 60', 'a', 'wait 20', 'user', 'b'];
  const seen: unknown[] = [];
  for await (const { task, outcome } of inOrder(open(t, 2), tasks)) {
    seen.push(outcome.status === 'fulfilled' ? outcome.value : `${task}: ${outcome.reason.message}`);
  }
  t.deepEqual(seen, ['wait 60', 'a', 'wait 20', 'user: mend it', 'b']);
});

test("an error keeps its kind: the user's, a fault, a broken thread", async (t) => {
  const pool = open(t, 1);
  await t.throwsAsync(pool.run('user'), { instanceOf: UserError, message: 'mend it' });
  const fault = await t.throwsAsync(pool.run('fault'), { message: 'a fault' });
  t.false(fault instanceof UserError);
  await t.throwsAsync(pool.run('die'), { instanceOf: WorkerCrashError, message: /crashed: exit code 3/ });
  t.is(await pool.run('on'), 'on', 'another thread takes its place');
});

test('a thread that died while idle is given no task', async (t) => {
  const pool = open(t, 1);
  t.is(await pool.run('die soon'), 'die soon');
  await sleep(200);
  t.is(await pool.run('next'), 'next');
});

test('a module that cannot be loaded ends the iteration', async (t) => {
  const pool = openWorkerPool<string, string>(new URL('./no-such-worker.js', import.meta.url), 1);
  await t.throwsAsync(
    async () => {
      for await (const _ of inOrder(pool, ['a', 'b'])) t.fail();
    },
    { instanceOf: WorkerStartError, message: /no-such-worker/ },
  );
  await pool.close();
});

test('closing ends what runs and what waits, and starts nothing more', async (t) => {
  const pool = openWorkerPool<string, unknown>(module, 1);
  const tasks = ['wait 60000', 'a', 'b'].map((task) => pool.run(task));
  await sleep(100);
  await pool.close();
  for (const { status } of await Promise.allSettled(tasks)) t.is(status, 'rejected');
  await t.throwsAsync(pool.run('late'), { message: /closed/ });
});

test('an abort ends the iteration with its reason', async (t) => {
  const controller = new AbortController();
  const seen: string[] = [];
  await t.throwsAsync(
    async () => {
      for await (const { task } of inOrder(open(t, 2), ['a', 'b', 'c', 'd', 'e', 'f', 'g'], controller.signal)) {
        seen.push(task);
        if (task === 'b') controller.abort(new Error('enough'));
      }
    },
    { message: 'enough' },
  );
  t.deepEqual(seen, ['a', 'b']);
});

test('large results narrow the look-ahead', async (t) => {
  const started: string[] = [];
  const result = Object.defineProperty(new Uint8Array(1), 'byteLength', { value: 2 ** 29 });
  const run = async (task: string) => {
    started.push(task);
    return result;
  };
  const tasks = Array.from({ length: 40 }, (_, i) => `${i}`);
  const ahead: number[] = [];
  for await (const { task } of inOrder({ size: 8, run, async close() {} }, tasks)) {
    ahead.push(started.length - Number(task));
  }
  t.is(ahead[0], 16);
  t.is(ahead[30], 2, 'two results of half a gigabyte');
});

test('threads start in a program that was given as text', async (t) => {
  const script = `
    import { openWorkerPool } from ${JSON.stringify(new URL('../../src/data/worker-pool.js', import.meta.url).href)};
    const pool = openWorkerPool(new URL(${JSON.stringify(module.href)}), 1);
    console.log(await pool.run('hello'));
    await pool.close();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  t.is(stdout, 'hello\n');
});
