import test, { type ExecutionContext } from 'ava';
import {
  type CropSources,
  drawOrigins,
  drawPartner,
  groupsOfLabels,
  groupsOfNeighbours,
  sharedGroups,
} from '../../../src/data/crops/crop-sources.js';
import { createCropStream } from '../../../src/data/crops/crop-stream.js';
import { createLoader, type LoaderOptions } from '../../../src/data/crops/loader.js';
import { createRng } from '../../../src/random.js';
import { sampleValue, stubShards } from '../../helpers/corpora/shard-set.js';

const LENGTHS = Array.from({ length: 24 }, (_, i) => 300 + ((i * 577) % 2500));
const PLAN = { count: { global: 2, local: 3 }, samples: { global: 1200, local: 500 } };
const BATCH = 6;
// Three clusters of 7, one utterance alone in its own, two that are noise.
const LABELS = Int32Array.from({ length: 24 }, (_, i) => (i < 21 ? i % 3 : i === 21 ? 3 : -1));

const sources = (crops: 'all' | 'positive', probability = 1, labels = LABELS): CropSources => ({
  ...groupsOfLabels(labels),
  crops,
  probability,
});

async function take(t: ExecutionContext, count: number, more: Partial<LoaderOptions>) {
  const shards = more.shards ?? (await stubShards(t, LENGTHS));
  const loader = createLoader({ shards, batchSize: BATCH, plan: PLAN, seed: 11, ...more });
  t.teardown(() => loader.close());
  const copies = [];
  for (let i = 0; i < count; i++) {
    const { step, utterances, origins, global, local, release } = await loader.next();
    copies.push({
      step,
      utterances: [...utterances],
      origins: [...origins],
      global: [...global],
      local: [...local!],
    });
    release();
  }
  return copies;
}

test('groups of labels: members of each cluster, none of noise', (t) => {
  const { groups, offsets, members } = groupsOfLabels(Int32Array.of(1, -1, 3, 1, 0, 1));
  t.deepEqual([...groups], [1, -1, 3, 1, 0, 1]);
  t.deepEqual([...offsets], [0, 1, 4, 4, 5]);
  t.deepEqual([...members], [4, 0, 3, 5, 2]);
  t.true([groups, offsets, members].every(({ buffer }) => buffer instanceof SharedArrayBuffer));
});

test('groups of neighbours: the utterance and its neighbours; missing ones are left out', (t) => {
  const made = groupsOfNeighbours(Int32Array.of(2, 1, 0, -1, 1, 0, -1, -1), 2);
  t.deepEqual([...made.groups], [0, 1, 2, 3]);
  t.deepEqual([...made.offsets], [0, 3, 5, 8, 9]);
  t.deepEqual([...made.members], [0, 1, 2, 0, 1, 0, 1, 2, 3]);
  t.true([made.groups, made.offsets, made.members].every(({ buffer }) => buffer instanceof SharedArrayBuffer));
});

test('without sources, and from a table in which everybody is alone, a batch is the same', async (t) => {
  const shards = await stubShards(t, LENGTHS);
  const plain = await take(t, 5, { shards });
  for (const { utterances, origins } of plain)
    t.deepEqual(
      origins,
      [0, 1, 2, 3, 4].flatMap(() => utterances),
    );
  const alone = Int32Array.from(LENGTHS.keys());
  for (const labels of [alone, alone.map(() => -1)])
    for (const crops of ['all', 'positive'] as const)
      t.deepEqual(await take(t, 5, { shards, sources: sources(crops, 1, labels) }), plain);
  t.deepEqual(await take(t, 5, { shards, sources: sources('all', 0) }), plain);
  t.deepEqual(await take(t, 5, { shards, sources: sources('positive', 0) }), plain);
});

for (const crops of ['all', 'positive'] as const) {
  test(`${crops}: crops come, sample by sample, from the utterances that are named as their origins`, async (t) => {
    for (const plan of [PLAN, { ...PLAN, disjoint: true }])
      for (const { utterances, origins, global, local } of await take(t, 12, { plan, sources: sources(crops) })) {
        origins.forEach((origin, row) => {
          const utterance = utterances[row % BATCH];
          t.true(origin === utterance || (LABELS[origin] >= 0 && LABELS[origin] === LABELS[utterance]));
          const [rows, at, length] = row < 2 * BATCH ? [global, row, 1200] : [local, row - 2 * BATCH, 500];
          const crop = rows.slice(at * length, (at + 1) * length);
          const start = crop[0] - sampleValue(origin, 0);
          t.true(start >= 0 && start + Math.min(length, LENGTHS[origin]) <= LENGTHS[origin]);
          const filled = Math.min(LENGTHS[origin], length);
          t.deepEqual(
            crop,
            Array.from({ length }, (_, j) => sampleValue(origin, start + (j % filled))),
          );
        });
      }
  });

  test(`${crops}: a pure function of sources, seed and step, for any number of threads and any restart`, async (t) => {
    const shards = await stubShards(t, LENGTHS);
    const all = await take(t, 9, { shards, sources: sources(crops) });
    t.deepEqual(await take(t, 9, { shards, sources: sources(crops), workers: 3 }), all);
    t.deepEqual(await take(t, 4, { shards, sources: sources(crops), startStep: 5 }), all.slice(5));
    const copied = { ...sources(crops), ...sharedGroups(groupsOfLabels(LABELS)) };
    t.deepEqual(await take(t, 9, { shards, sources: copied }), all);
    t.notDeepEqual(await take(t, 9, { shards, sources: sources(crops), seed: 12 }), all);
    const utterances = (batches: typeof all) => batches.map((batch) => batch.utterances);
    t.deepEqual(utterances(all), utterances(await take(t, 9, { shards })));
  });
}

test('disjoint crops of one drawn utterance do not overlap', async (t) => {
  const plan = { count: { global: 3, local: 0 }, samples: { global: 100, local: 0 }, disjoint: true };
  const shards = await stubShards(t, LENGTHS);
  const loader = createLoader({ shards, batchSize: BATCH, plan, seed: 1, sources: sources('positive') });
  t.teardown(() => loader.close());
  for (let step = 0; step < 20; step++) {
    const { origins, global, release } = await loader.next();
    for (let i = 0; i < BATCH; i++) {
      t.is(origins[BATCH + i], origins[2 * BATCH + i]);
      const [a, b] = [1, 2].map((crop) => global[(crop * BATCH + i) * 100]);
      t.true(Math.abs(a - b) >= 100);
    }
    release();
  }
});

/** How often each member was drawn for a crop. */
function tally(crops: 'all' | 'positive', probability: number, draws = 7000) {
  const rng = createRng('tally');
  const from = sources(crops, probability);
  const counts = PLAN.count.global + PLAN.count.local;
  const drawn = Array.from({ length: counts }, () => new Map<number, number>());
  for (let i = 0; i < draws; i++) {
    drawOrigins(4, PLAN, from, rng).forEach((origin, crop) => {
      drawn[crop].set(origin, (drawn[crop].get(origin) ?? 0) + 1);
    });
  }
  return drawn.map((counts) => new Map([...counts].sort(([a], [b]) => a - b).map(([key, n]) => [key, n / draws])));
}

const MEMBERS = [1, 4, 7, 10, 13, 16, 19];

test('all: each crop is drawn by itself, each member as likely, the own utterance too', (t) => {
  for (const shares of tally('all', 1)) {
    t.deepEqual([...shares.keys()], MEMBERS);
    for (const share of shares.values()) t.true(Math.abs(share - 1 / 7) < 0.02, `${share}`);
  }
  const [first, second] = tally('all', 0.35);
  for (const shares of [first, second])
    for (const [member, share] of shares) t.true(Math.abs(share - (member === 4 ? 0.7 : 0.05)) < 0.02, `${share}`);
  const rng = createRng(1);
  t.true(new Set(drawOrigins(4, PLAN, sources('all'), rng)).size > 1);
});

test('positive: the crops behind the first global one come together from another member, each as likely', (t) => {
  const shares = tally('positive', 1);
  for (const crop of [0, 2, 3, 4]) t.deepEqual([...shares[crop]], [[4, 1]]);
  t.deepEqual(
    [...shares[1].keys()],
    MEMBERS.filter((member) => member !== 4),
  );
  for (const share of shares[1].values()) t.true(Math.abs(share - 1 / 6) < 0.02, `${share}`);
  t.true(Math.abs(tally('positive', 0.3)[1].get(4)! - 0.7) < 0.02);
  const plan = { ...PLAN, count: { global: 3, local: 1 } };
  const [anchor, first, second, local] = drawOrigins(4, plan, sources('positive'), createRng(1));
  t.deepEqual([anchor, second, local], [4, first, 4]);
  t.not(first, 4);
});

test('a partner is another member; noise and lonely utterances have none', (t) => {
  const rng = createRng(3);
  const groups = groupsOfLabels(LABELS);
  const drawn = new Set(Array.from({ length: 200 }, () => drawPartner(19, groups, rng)));
  t.deepEqual(
    [...drawn].sort((a, b) => a! - b!),
    [1, 4, 7, 10, 13, 16],
  );
  t.deepEqual([drawPartner(21, groups, rng), drawPartner(22, groups, rng)], [null, null]);
  const pair = groupsOfLabels(Int32Array.of(0, 0));
  t.deepEqual([drawPartner(0, pair, rng), drawPartner(1, pair, rng)], [1, 0]);
});

test('a stream gives the batch of any step and sources, as a loader opened there would', async (t) => {
  const shards = await stubShards(t, LENGTHS);
  const [plain, drawn] = [await take(t, 8, { shards }), await take(t, 8, { shards, sources: sources('all') })];
  const stream = createCropStream({ shards, batchSize: BATCH, plan: PLAN, seed: 11 });
  t.deepEqual(stream.stats(), { waitMs: 0, batches: 0 });
  const table = sources('all');
  const order: [number, CropSources | undefined][] = [
    ...[0, 1, 2].map((step): [number, undefined] => [step, undefined]),
    ...[3, 4].map((step): [number, CropSources] => [step, table]),
    // Back to an earlier checkpoint.
    ...[1, 2].map((step): [number, undefined] => [step, undefined]),
    [7, table],
  ];
  for (const [step, from] of order) {
    const batch = await stream.batchAt(step, from);
    t.is(batch.step, step);
    t.deepEqual([...batch.global], (from ? drawn : plain)[step].global);
    batch.release();
  }
  t.is(stream.stats().batches, order.length);
  await stream.close();
  t.is(stream.stats().batches, order.length);
  await stream.close();
});
