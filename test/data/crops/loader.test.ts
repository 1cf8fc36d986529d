import { spawnSync } from 'node:child_process';
import { rmSync, truncateSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { cropStarts } from '../../../src/data/crops/crops.js';
import { createLoader, type Loader, type LoaderOptions } from '../../../src/data/crops/loader.js';
import { createSampler } from '../../../src/data/crops/sampler.js';
import type { ShardSet } from '../../../src/data/shards/shards.js';
import { UserError } from '../../../src/errors.js';
import { createRng } from '../../../src/random.js';
import { sampleValue, stubShards } from '../../helpers/corpora/shard-set.js';

const LENGTHS = Array.from({ length: 40 }, (_, i) => 300 + ((i * 577) % 5000));
const PLAN = { count: { global: 2, local: 3 }, samples: { global: 1200, local: 500 } };

interface Copy {
  step: number;
  epoch: number;
  utterances: number[];
  global: number[];
  local: number[] | null;
}

function open(t: ExecutionContext, shards: ShardSet, more: Partial<LoaderOptions> = {}): Loader {
  const loader = createLoader({ shards, batchSize: 6, plan: PLAN, seed: 11, ...more });
  t.teardown(() => loader.close());
  return loader;
}

async function take(loader: Loader, count: number): Promise<Copy[]> {
  const copies: Copy[] = [];
  for (let i = 0; i < count; i++) {
    const { step, epoch, utterances, global, local, release } = await loader.next();
    copies.push({ step, epoch, utterances: [...utterances], global: [...global], local: local && [...local] });
    release();
  }
  return copies;
}

test('a batch holds the crops of its utterances, crop by crop', async (t) => {
  const shards = await stubShards(t, LENGTHS);
  const batches = await take(open(t, shards), 8);
  t.deepEqual(
    batches.map(({ step, epoch }) => [step, epoch]),
    [0, 1, 2, 3, 4, 5, 6, 7].map((step) => [step, step < 6 ? 0 : 1]),
  );
  for (const batch of batches) {
    const { utterances } = createSampler({ count: 40, batchSize: 6, seed: 11 }).batchAt(batch.step);
    t.deepEqual(batch.utterances, [...utterances]);
    const rng = createRng(11).fork('crops').fork(batch.step);
    const rows: number[][] = [];
    utterances.forEach((utterance, i) => {
      const samples = LENGTHS[utterance];
      cropStarts(samples, PLAN, rng).forEach((start, crop) => {
        const length = crop < 2 ? 1200 : 500;
        rows[crop * 6 + i] = Array.from({ length }, (_, j) =>
          sampleValue(utterance, start + (j % Math.min(samples, length))),
        );
      });
    });
    t.deepEqual(batch.global, rows.slice(0, 12).flat());
    t.deepEqual(batch.local, rows.slice(12).flat());
  }
});

test('batches are the same, and in order, for any number of threads and any restart', async (t) => {
  const shards = await stubShards(t, LENGTHS);
  const all = await take(open(t, shards), 14);
  t.notDeepEqual(all[6].global, all[0].global);
  t.deepEqual(await take(open(t, shards, { workers: 3 }), 14), all);
  t.deepEqual(await take(open(t, shards, { workers: 2, prefetch: 7 }), 14), all);
  for (const startStep of [1, 5, 6, 13])
    t.deepEqual(await take(open(t, shards, { startStep, workers: 2 }), 14 - startStep), all.slice(startStep));
  t.notDeepEqual(await take(open(t, shards, { seed: 12 }), 1), all.slice(0, 1));
});

test('a subset, no local crops, no prefetching', async (t) => {
  const shards = await stubShards(t, LENGTHS);
  const subset = Int32Array.from({ length: 12 }, (_, i) => 3 * i);
  const plan = { count: { global: 1, local: 0 }, samples: { global: 900, local: 0 } };
  const loader = open(t, shards, { subset, plan, prefetch: 0 });
  t.is(loader.batchesPerEpoch, 2);
  const batches = await take(loader, 4);
  t.true(batches.every(({ local }) => local === null));
  t.deepEqual(
    batches
      .slice(0, 2)
      .flatMap(({ utterances }) => utterances)
      .sort((a, b) => a - b),
    [...subset],
  );
});

test('memory goes round: a few buffers serve every batch', async (t) => {
  const loader = open(t, await stubShards(t, LENGTHS), { prefetch: 2 });
  const buffers = new Set<ArrayBufferLike>();
  for (let i = 0; i < 20; i++) {
    const batch = await loader.next();
    buffers.add(batch.global.buffer);
    batch.release();
    batch.release();
  }
  t.is(buffers.size, 3);
  t.is(loader.stats().batches, 20);
  t.true(loader.stats().waitMs > 0);
  const held = [await loader.next(), await loader.next(), await loader.next()];
  await t.throwsAsync(loader.next(), { message: /All 3 batches of the loader are in use: release\(\) one first/ });
  held[1].release();
  t.is((await loader.next()).step, 23);
});

test('several batches may be asked for at once', async (t) => {
  const loader = open(t, await stubShards(t, LENGTHS), { workers: 2 });
  const batches = await Promise.all([loader.next(), loader.next(), loader.next()]);
  t.deepEqual(
    batches.map(({ step }) => step),
    [0, 1, 2],
  );
});

test('an unreadable shard rejects the batch that needs it, by name, and all later ones', async (t) => {
  const shards = await stubShards(t, LENGTHS);
  truncateSync(shards.files[1], 100);
  const loader = open(t, shards, { workers: 2 });
  const error = await t.throwsAsync(take(loader, 50), { instanceOf: UserError, message: /shard-001\.pcm is damaged/ });
  await t.throwsAsync(loader.next(), { is: error });

  rmSync(shards.files[1]);
  await t.throwsAsync(take(open(t, shards), 50), {
    instanceOf: UserError,
    message: /shard-001\.pcm is damaged: the file is gone/,
  });
});

test('batches before the one that fails are still delivered', async (t) => {
  const shards = await stubShards(t, LENGTHS, 3000);
  const bad = 7;
  rmSync(shards.files[shards.shard[bad]]);
  const inShard = (utterance: number) => shards.shard[utterance] === shards.shard[bad];
  const sampler = createSampler({ count: 40, batchSize: 2, seed: 3 });
  let failing = 0;
  while (!sampler.batchAt(failing).utterances.some(inShard)) failing++;
  t.true(failing > 0);
  const loader = open(t, shards, { batchSize: 2, seed: 3, workers: 3 });
  t.is((await take(loader, failing)).length, failing);
  await t.throwsAsync(loader.next(), { instanceOf: UserError });
});

test('close ends what waits and what comes later', async (t) => {
  const loader = open(t, await stubShards(t, LENGTHS));
  const first = await loader.next();
  const waiting = Promise.all(Array.from({ length: 3 }, () => loader.next()));
  await Promise.all([t.throwsAsync(Promise.all([waiting, loader.next()]), { message: /closed/ }), loader.close()]);
  await t.throwsAsync(loader.next(), { message: 'The loader was closed.' });
  t.notThrows(() => first.release());
  await loader.close();
});

test('what the shards cannot serve is refused at once', async (t) => {
  const shards = await stubShards(t, LENGTHS);
  const refuse = (more: Partial<LoaderOptions>, message: RegExp) =>
    t.throws(() => createLoader({ shards, batchSize: 6, plan: PLAN, seed: 1, ...more }), {
      instanceOf: UserError,
      message,
    });
  refuse({ batchSize: 41 }, /40 utterances for batches of 41/);
  refuse({ plan: { ...PLAN, count: { global: 0, local: 0 } } }, /at least 1/);
});

for (const [what, end] of [
  ['a forgotten loader', ''],
  ['a closed loader', 'await loader.close();'],
]) {
  test(`${what} lets the process end by itself`, async (t) => {
    const { dir } = await stubShards(t, LENGTHS);
    const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    const script = `
      import { createLoader } from ${at('../../../src/data/crops/loader.js')};
      import { openShards } from ${at('../../../src/data/shards/shards.js')};
      const options = { shards: openShards(${JSON.stringify(dir)}), batchSize: 6, plan: ${JSON.stringify(PLAN)}, seed: 1 };
      const loader = createLoader(options);
      for (let i = 0; i < 5; i++) (await loader.next()).release();
      ${end}
      console.log('done');`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 20000,
    });
    t.deepEqual([status, stdout.toString(), stderr.toString()], [0, 'done\n', '']);
  });
}
