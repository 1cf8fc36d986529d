import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { buildShards } from '../../../src/data/shards/build.js';
import { readSkipped } from '../../../src/data/shards/format.js';
import { openReader } from '../../../src/data/shards/reader.js';
import { openShards, readUtterance } from '../../../src/data/shards/shards.js';
import { UserError } from '../../../src/errors.js';
import { writeWav16 } from '../../../src/io/wav-write.js';
import { sampleValue, stubBuild, stubShards, writeStubs } from '../../helpers/corpora/shard-set.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const LENGTHS = [500, 3000, 120, 4000, 999, 2500, 7, 9000, 1234, 800];
const MAX_BYTES = 10000;

const contentOf = (dir: string): Record<string, string> =>
  Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'base64')]));

async function refuses(t: ExecutionContext, run: () => unknown, message: RegExp): Promise<void> {
  const error = await t.throwsAsync(async () => run());
  t.true(error instanceof UserError, String(error));
  t.regex(error!.message, message);
}

test('samples come back in the order of the list, from several shards', async (t) => {
  const dir = temporaryFolder(t);
  const messages: string[] = [];
  const done: number[] = [];
  const index = await buildShards(
    stubBuild(dir, LENGTHS, { maxShardBytes: MAX_BYTES, log: (m) => messages.push(m), progress: (n) => done.push(n) }),
  );
  t.like(index, { utterances: 10, samples: 22160, skipped: 0, reused: false });
  t.deepEqual(done, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  t.regex(messages.at(-1)!, /10 utterances/);
  const shards = openShards(index.dir);
  t.deepEqual(
    shards.ids,
    LENGTHS.map((_, i) => `utt-${i}`),
  );
  t.deepEqual([...shards.samples], LENGTHS);
  t.deepEqual([...shards.shard], [0, 0, 0, 1, 1, 2, 2, 3, 4, 4], 'an utterance over the limit has a shard to itself');
  LENGTHS.forEach((length, i) => {
    t.deepEqual(
      [...readUtterance(shards, i)],
      Array.from({ length }, (_, j) => sampleValue(i, j)),
    );
  });
  t.deepEqual(
    readdirSync(dir).filter((name) => !name.endsWith('.stub')),
    ['shards'],
    'nothing else is left behind',
  );
});

test('the bytes do not depend on which file is decoded first', async (t) => {
  const contents = [];
  for (const workers of [1, 3, 8]) {
    const dir = temporaryFolder(t);
    const build = stubBuild(dir, LENGTHS, { maxShardBytes: MAX_BYTES, workers });
    const { decode } = build;
    const late = async (path: string) => {
      await sleep(path.includes('u0') || path.includes('u4') ? 20 : 0);
      return decode!(path);
    };
    const { 'index.json': summary, ...rest } = contentOf((await buildShards({ ...build, decode: late })).dir);
    t.truthy(summary);
    contents.push(rest);
  }
  t.deepEqual(contents[1], contents[0]);
  t.deepEqual(contents[2], contents[0]);
});

test('16-bit audio comes back bit for bit; a click beyond full scale is limited, louder audio scaled by a power of two', async (t) => {
  const values = Float32Array.from({ length: 65536 }, (_, i) => (i - 32768) / 32768);
  const dir = temporaryFolder(t);
  const click = new Float32Array(3000);
  click.set([1, -1, 2, -2, 0.49 / 32768]);
  const recordings = [values, click, Float32Array.of(1, -1, 2, -2, 0.49 / 32768)];
  const utterances = writeStubs(dir, [0, 0, 0]);
  const decode = async (path: string) => recordings[Number(/u(\d)/.exec(path)![1])];
  const shards = openShards((await buildShards({ dir: join(dir, 'shards'), utterances, decode })).dir);
  t.deepEqual(
    [...readUtterance(shards, 0)],
    Array.from({ length: 65536 }, (_, i) => i - 32768),
  );
  t.deepEqual([...readUtterance(shards, 1).subarray(0, 5)], [32767, -32768, 32767, -32768, 0]);
  t.deepEqual([...readUtterance(shards, 2)], [16384, -16384, 32767, -32768, 0]);
});

test('an unchanged list is not decoded again, a changed one is', async (t) => {
  const dir = temporaryFolder(t);
  let calls = 0;
  const build = (lengths: number[]) => {
    const plain = stubBuild(dir, lengths);
    for (const { path } of plain.utterances) utimesSync(path, 1000, 1000);
    return { ...plain, decode: (path: string) => plain.decode!(path).finally(() => calls++) };
  };
  const first = await buildShards(build(LENGTHS));
  const again = await buildShards(build(LENGTHS));
  t.deepEqual(again, { ...first, reused: true });
  t.is(calls, LENGTHS.length);

  const longer = build([...LENGTHS.slice(0, 9), 1000]);
  t.is((await buildShards(longer)).samples, first.samples + 200, 'another size');
  utimesSync(longer.utterances[3].path, 2000, 2000);
  t.false((await buildShards(longer)).reused, 'another time');
  rmSync(longer.utterances[3].path);
  t.false((await buildShards(longer)).reused, 'a file is gone');
  t.false((await buildShards({ ...longer, utterances: longer.utterances.slice(1) })).reused, 'another list');
});

test('bad recordings are skipped and listed; none left is an error', async (t) => {
  const dir = temporaryFolder(t);
  const utterances = writeStubs(dir, [1, 1, 1, 1, 1]);
  const bad: Record<string, () => Float32Array> = {
    u0: () => new Float32Array(0),
    u1: () => Float32Array.of(0.5, Number.NaN),
    u2: () => new Float32Array(100),
    u3: () => {
      throw new UserError('u3 is not\taudio\nat all');
    },
    u4: () => Float32Array.of(0.5),
  };
  const decode = async (path: string) => bad[/u\d(?=\.stub)/.exec(path)![0]]();
  const index = await buildShards({ dir: join(dir, 'shards'), utterances, decode });
  t.is(index.utterances, 1);
  t.is(index.skipped, 4);
  const skipped = [...readSkipped(index.dir)];
  t.deepEqual(
    skipped.map(({ id }) => id),
    ['utt-0', 'utt-1', 'utt-2', 'utt-3'],
  );
  const reasons = [/no audio/, /sample 1 is not a finite/, /silent/, /u3 is not audio at all/];
  for (const [i, reason] of reasons.entries()) t.regex(skipped[i].reason, reason);
  t.deepEqual(openShards(index.dir).ids, ['utt-4']);
  const none = { dir: join(dir, 'none'), utterances: utterances.slice(0, 4), decode };
  await refuses(
    t,
    () => buildShards(none),
    /None of the 4 recordings can be used: 2 empty or silent, 2 unreadable\. The first: .*u0\.stub: the file holds no audio/,
  );
  t.false(readdirSync(dir).some((name) => name.startsWith('none')));
});

test('worker threads decode real files', async (t) => {
  const dir = temporaryFolder(t);
  const utterances = Array.from({ length: 6 }, (_, i) => ({ id: `w${i}`, path: join(dir, `w${i}.wav`) }));
  for (const [i, { path }] of utterances.entries()) {
    const samples = Int16Array.from({ length: 1000 + 100 * i }, (_, j) => sampleValue(i, j));
    if (i === 2) writeFileSync(path, 'not audio');
    else writeWav16(path, samples, 16000);
  }
  const index = await buildShards({ dir: join(dir, 'shards'), utterances, workers: 2 });
  t.is(index.skipped, 1);
  const [{ id, reason }] = readSkipped(index.dir);
  t.is(id, 'w2');
  t.regex(reason, /w2\.wav/);
  const shards = openShards(index.dir);
  t.deepEqual(shards.ids, ['w0', 'w1', 'w3', 'w4', 'w5']);
  t.deepEqual(
    [...readUtterance(shards, 2)],
    Array.from({ length: 1300 }, (_, j) => sampleValue(3, j)),
  );
});

test('a folder with a file missing, cut short or foreign is refused by name, and built again', async (t) => {
  const dir = temporaryFolder(t);
  const build = stubBuild(dir, LENGTHS, { maxShardBytes: MAX_BYTES });
  const shards = (await buildShards(build)).dir;
  const whole = contentOf(shards);
  const path = (name: string) => join(shards, name);
  const cut = (name: string, by: number) => truncateSync(path(name), statSync(path(name)).size - by);
  const damages: [string, () => void, RegExp][] = [
    ['shard cut', () => cut('shard-001.pcm', 2), /shard-001\.pcm is damaged: it has 9996 bytes and should have 9998/],
    ['shard longer', () => appendFileSync(path('shard-000.pcm'), 'ab'), /shard-000\.pcm is damaged/],
    ['shard gone', () => rmSync(path('shard-004.pcm')), /shard-004\.pcm is damaged: the file is missing/],
    ['index cut in a line', () => cut('index.tsv', 3), /index\.tsv is damaged/],
    [
      'index cut at a line',
      () => cut('index.tsv', 'utt-9\t4\t1234\t800\n'.length),
      /index\.tsv is damaged: it lists 9/,
    ],
    ['summary gone', () => rmSync(path('index.json')), /index\.json is damaged: the file is missing/],
    ['summary cut', () => cut('index.json', 5), /index\.json is damaged/],
    ['index gone', () => rmSync(path('index.tsv')), /holds no shards/],
    [
      'row moved',
      () => writeFileSync(path('index.tsv'), readFileSync(path('index.tsv'), 'utf8').replace('\t500\n', '\t501\n')),
      /line 3 is out of place/,
    ],
  ];
  for (const [what, damage, message] of damages) {
    damage();
    await refuses(t, () => openShards(shards), message);
    t.false((await buildShards(build)).reused, what);
    t.deepEqual(contentOf(shards), whole, what);
  }
  await refuses(t, () => openShards(join(dir, 'nothing')), /nothing holds no shards/);
});

test('a shard that shrinks after opening is named', async (t) => {
  const shards = await stubShards(t, [100, 200]);
  truncateSync(shards.files[0], 300);
  t.is(readUtterance(shards, 0).length, 100);
  await refuses(t, () => readUtterance(shards, 1), /shard-000\.pcm is damaged: it ends at byte 300/);
});

test.serial('a reader keeps few files open and reads any piece', async (t) => {
  const shards = await stubShards(t, LENGTHS, 3000);
  t.true(shards.files.length > 5);
  const reader = openReader(shards, 2);
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const before = process.platform === 'linux' ? descriptors() : 0;
  for (const [utterance, start, length] of [
    [0, 10, 5],
    [9, 0, 800],
    [3, 3999, 1],
    [0, 499, 1],
    [7, 4000, 5000],
    [5, 0, 0],
  ]) {
    const into = new Int16Array(length);
    reader.read(utterance, start, into);
    t.deepEqual(
      [...into],
      Array.from({ length }, (_, j) => sampleValue(utterance, start + j)),
    );
  }
  if (process.platform === 'linux') t.true(descriptors() <= before + 2);
  t.throws(() => reader.read(0, 499, new Int16Array(2)), { instanceOf: RangeError });
  reader.close();
  if (process.platform === 'linux') t.is(descriptors(), before);
});

test('a folder with other files in it, and a list with a name twice, are refused', async (t) => {
  const dir = temporaryFolder(t);
  const build = stubBuild(dir, [10, 20]);
  await refuses(t, () => buildShards({ ...build, dir }), /holds u0\.stub, which is not a shard file/);
  const twice = [build.utterances[0], build.utterances[0]];
  await refuses(t, () => buildShards({ ...build, utterances: twice }), /utt-0 occurs twice/);
  await refuses(t, () => buildShards({ ...build, utterances: [] }), /the list is empty/);
  await refuses(t, () => buildShards({ ...build, dir: build.utterances[0].path }), /not a folder/);
});
