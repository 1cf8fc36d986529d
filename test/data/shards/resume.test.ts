import { execFile, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { buildShards, type ShardBuild } from '../../../src/data/shards/build.js';
import { readSkipped } from '../../../src/data/shards/format.js';
import { openShards } from '../../../src/data/shards/shards.js';
import { type StubBuild, stubBuild } from '../../helpers/corpora/shard-set.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const LENGTHS = [500, 3000, 120, 4000, 999, 2500, 7, 9000, 1234, 800];
const MAX_BYTES = 10000;

const contentOf = (dir: string): Record<string, string> =>
  Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'base64')]));

/** A build, and a copy of it that stops after `count` files. */
function interrupted(dir: string, count: number): { build: StubBuild; stop: () => Promise<void>; decoded: string[] } {
  const plain = stubBuild(dir, LENGTHS, { maxShardBytes: MAX_BYTES, workers: 1 });
  const decoded: string[] = [];
  const decode = (path: string) => {
    decoded.push(path);
    return plain.decode!(path);
  };
  const build = { ...plain, decode };
  return {
    build,
    decoded,
    async stop() {
      const controller = new AbortController();
      const progress = (done: number) => done === count && controller.abort(new Error('stopped'));
      await buildShards({ ...build, progress, signal: controller.signal }).catch((error) => {
        if (error.message !== 'stopped') throw error;
      });
    },
  };
}

async function wholeContent(build: ShardBuild, dir: string): Promise<Record<string, string>> {
  return contentOf((await buildShards({ ...build, dir })).dir);
}

test('a stopped build shows no folder, and goes on where it was', async (t) => {
  for (const count of [1, 4, 5, 9, 10]) {
    const dir = temporaryFolder(t);
    const { build, stop, decoded } = interrupted(dir, count);
    const whole = await wholeContent(build, join(dir, 'whole'));
    await stop();
    t.is(existsSync(build.dir), count === 10, 'after the last file there is nothing to stop');
    decoded.length = 0;
    const messages: string[] = [];
    await buildShards({ ...build, log: (message) => messages.push(message) });
    t.deepEqual(contentOf(build.dir), whole);
    t.is(decoded.length, 10 - count);
    if (count < 10) t.regex(messages[0], new RegExp(`interrupted build: ${count} of 10`));
    t.false(existsSync(`${build.dir}.building`));
  }
});

test('what did not reach the disk whole is decoded again', async (t) => {
  const building = (dir: string, name: string) => join(dir, 'shards.building', name);
  const damages: [(dir: string) => void, number][] = [
    [(dir) => appendFileSync(building(dir, 'progress.tsv'), '+\tutt-6\t2\t25'), 6],
    [(dir) => appendFileSync(building(dir, 'shard-002.pcm'), Buffer.alloc(777, 1)), 6],
    [(dir) => truncateSync(building(dir, 'shard-002.pcm'), 100), 5],
    [(dir) => rmSync(building(dir, 'shard-001.pcm')), 3],
    [(dir) => rmSync(building(dir, 'progress.tsv')), 0],
    [(dir) => truncateSync(building(dir, 'progress.tsv'), 10), 0],
  ];
  for (const [damage, kept] of damages) {
    const dir = temporaryFolder(t);
    const { build, stop, decoded } = interrupted(dir, 6);
    const whole = await wholeContent(build, join(dir, 'whole'));
    await stop();
    damage(dir);
    decoded.length = 0;
    await buildShards(build);
    t.deepEqual(contentOf(build.dir), whole, damage.toString());
    t.is(decoded.length, 10 - kept, damage.toString());
  }
});

test('another list does not go on with the interrupted build', async (t) => {
  const dir = temporaryFolder(t);
  const { build, stop } = interrupted(dir, 6);
  await stop();
  const index = await buildShards({ ...build, utterances: build.utterances.slice(1) });
  t.is(index.utterances, 9);
  t.is(openShards(index.dir).ids[0], 'utt-1');
});

test('a killed process leaves nothing that passes for whole; the next one takes over', async (t) => {
  const dir = temporaryFolder(t);
  const { build } = interrupted(dir, 0);
  const whole = await wholeContent(build, join(dir, 'whole'));
  const child = spawn(process.execPath, ['--input-type=module', '-e', childScript(build)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  t.false(existsSync(build.dir));
  t.true(readdirSync(dir).includes('shards.lock'), 'the dead process still holds the lock');
  t.throws(() => openShards(`${build.dir}.building`), { message: /holds no shards/ });

  const messages: string[] = [];
  await buildShards({ ...build, log: (message) => messages.push(message) });
  t.regex(messages[0], /interrupted build: 7 of 10/, 'the shards finished before the kill are kept');
  t.deepEqual(contentOf(build.dir), whole);
});

test('two builds of the same folder: the second waits and uses the first', async (t) => {
  const dir = temporaryFolder(t);
  const { build, decoded } = interrupted(dir, 0);
  const [first, second] = await Promise.all([buildShards(build), buildShards(build)]);
  t.deepEqual([first.reused, second.reused], [false, true]);
  t.is(decoded.length, 10);
  t.false(existsSync(`${build.dir}.lock`));
});

test('a lock of another machine is waited for, and the wait can be ended', async (t) => {
  const dir = temporaryFolder(t);
  const { build } = interrupted(dir, 0);
  writeFileSync(`${build.dir}.lock`, JSON.stringify({ pid: 1, host: `not-${hostname()}` }));
  const controller = new AbortController();
  const log = (message: string) => {
    t.regex(message, /Waiting for process 1 on not-/);
    controller.abort(new Error('enough'));
  };
  await t.throwsAsync(buildShards({ ...build, log, signal: controller.signal }), { message: 'enough' });
});

test('a list far larger than the heap is built, half of it skipped, and goes on after a stop', async (t) => {
  const dir = join(temporaryFolder(t), 'shards');
  const count = 40000;
  const script = (stopAt: number) => `
    import { buildShards } from ${JSON.stringify(new URL('../../../src/data/shards/build.js', import.meta.url).href)};
    const source = (i) => ({ id: \`speaker-\${i % 1000}-utterance-\${i}\`, path: \`/nowhere/\${i}.wav\` });
    const utterances = { length: ${count}, *[Symbol.iterator]() { for (let i = 0; i < ${count}; i++) yield source(i); } };
    const decode = async (path) => {
      if (Number(/\\d+/.exec(path)[0]) % 2 === 1) throw new Error('odd');
      return Float32Array.of(0.5);
    };
    const progress = (done) => done === ${stopAt} && process.exit(0);
    await buildShards({ dir: ${JSON.stringify(dir)}, utterances, decode, workers: 1, progress, log: console.log });`;
  const run = async (stopAt: number) => {
    const args = ['--max-old-space-size=16', '--input-type=module', '-e', script(stopAt)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return stdout;
  };
  t.is(await run(30000), '');
  const log = await run(-1);
  t.regex(log, /interrupted build: 16384 of 40000/, 'what the journal had');
  t.regex(log, /20000 utterances, .* 20000 recordings were skipped/);
  const shards = openShards(dir);
  t.deepEqual([shards.ids.length, shards.ids[19999]], [20000, 'speaker-998-utterance-39998']);
  t.is([...readSkipped(dir)].at(-1)?.path, '/nowhere/39999.wav');
});

/** Builds the same list, and stops for good in the ninth file. */
function childScript({ dir, utterances, maxShardBytes }: ShardBuild): string {
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  return `
    import { buildShards } from ${at('../../../src/data/shards/build.js')};
    import { sampleValue } from ${at('../../helpers/corpora/shard-set.js')};
    const lengths = ${JSON.stringify(LENGTHS)};
    const decode = async (path) => {
      const i = Number(/u(\\d+)\\.stub/.exec(path)[1]);
      if (i === 8) {
        console.log('now');
        setInterval(() => {}, 1000);
        await new Promise(() => {});
      }
      return Float32Array.from({ length: lengths[i] }, (_, j) => sampleValue(i, j) / 32768);
    };
    await buildShards(${JSON.stringify({ dir, utterances, maxShardBytes, workers: 1 }).slice(0, -1)}, decode });`;
}
