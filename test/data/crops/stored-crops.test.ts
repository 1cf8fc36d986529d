import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { featureDefinition } from '../../../src/audio/features/features.js';
import { createLoader } from '../../../src/data/crops/loader.js';
import type { SamplingRule } from '../../../src/data/crops/open-sampler.js';
import { buildShards } from '../../../src/data/shards/build.js';
import { openShards, type ShardSet } from '../../../src/data/shards/shards.js';
import { UserError } from '../../../src/errors.js';
import { stubShards, writeStubs } from '../../helpers/corpora/shard-set.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const BINS = 3;
const features = featureDefinition.parse({ bins: BINS });
/** Frames of 25 ms every 10 ms: 28 in 0.3 s. */
const [CROP, CROP_FRAMES] = [4800, 28];
const FRAMES = [30, 28, 90, 11, 64, 200];

/** A value says its utterance, frame and bin. */
const value = (utterance: number, frame: number, bin: number) => 1000 * utterance + frame + 0.25 * bin;

async function storedShards(t: ExecutionContext): Promise<ShardSet> {
  const dir = temporaryFolder(t);
  const utterances = writeStubs(dir, FRAMES);
  const read = ({ id }: { id: string }) => {
    const utterance = Number(id.split('-')[1]);
    return Float32Array.from({ length: FRAMES[utterance] * BINS }, (_, i) =>
      value(utterance, Math.floor(i / BINS), i % BINS),
    );
  };
  const maxShardBytes = 100 * 4 * BINS;
  return openShards(
    (await buildShards({ dir: join(dir, 'shards'), utterances, maxShardBytes, stored: { features, read } })).dir,
  );
}

const PLAN = { count: { global: 2, local: 1 }, samples: { global: CROP, local: 1600 }, stored: features };

/** Batches of all six utterances from a step on. */
async function batches(
  shards: ShardSet,
  { startStep = 0, steps = 6, rule }: { startStep?: number; steps?: number; rule?: SamplingRule } = {},
) {
  const loader = createLoader({ shards, batchSize: 3, plan: PLAN, seed: 5, startStep, rule });
  try {
    const all = [];
    for (let i = 0; i < steps; i++) {
      const { global, local, utterances, release } = await loader.next();
      all.push({ global: global.slice(), local: local!.slice(), utterances: utterances.slice() });
      release();
    }
    return all;
  } finally {
    await loader.close();
  }
}

/** Checks that a row is consecutive frames of an utterance, from its first one again where it is short; returns the first. */
function checkRow(t: ExecutionContext, row: ArrayLike<number>, utterance: number, frames: number): number {
  t.is(row.length, frames * BINS);
  const first = row[0] - 1000 * utterance;
  const length = FRAMES[utterance];
  t.true(first >= 0 && first + Math.min(frames, length) <= length, `${first}`);
  const expected = Array.from({ length: frames * BINS }, (_, i) =>
    value(utterance, first + (Math.floor(i / BINS) % length), i % BINS),
  );
  t.deepEqual([...Array.from(row)], expected);
  return first;
}

test('crops of stored features are the frames that a crop of that length gives; short utterances are repeated', async (t) => {
  const shards = await storedShards(t);
  t.true(shards.files.length > 2);
  const starts = new Set<number>();
  for (const { global, local, utterances } of await batches(shards))
    for (const [i, utterance] of utterances.entries()) {
      for (const crop of [0, 1]) {
        const at = (crop * 3 + i) * CROP_FRAMES * BINS;
        starts.add(checkRow(t, global.subarray(at, at + CROP_FRAMES * BINS), utterance, CROP_FRAMES));
      }
      // A tenth of a second has 8 whole frames.
      checkRow(t, local.subarray(i * 8 * BINS, (i + 1) * 8 * BINS), utterance, 8);
    }
  t.true(starts.size > 8, 'crops start in many places');
});

test('a resumed loader gives the batches that an undisturbed one gives', async (t) => {
  const shards = await storedShards(t);
  t.deepEqual(await batches(shards, { startStep: 3, steps: 3 }), (await batches(shards)).slice(3));
});

test('batches by length are cut shorter, in whole frames', async (t) => {
  const shards = await storedShards(t);
  const rule = { kind: 'length-buckets' as const, samples: shards.samples, crops: [1600, CROP] };
  for (const { global, utterances } of await batches(shards, { steps: 4, rule })) {
    const frames = global.length / BINS / 6;
    t.true(frames === 8 || frames === CROP_FRAMES);
    for (const [i, utterance] of utterances.entries())
      checkRow(t, global.subarray(i * frames * BINS, (i + 1) * frames * BINS), utterance, frames);
  }
});

test('crops of samples cannot be cut from stored features, nor a crop shorter than a frame', async (t) => {
  const stored = await storedShards(t);
  const { stored: _, ...samples } = PLAN;
  const loader = (shards: ShardSet, plan: Parameters<typeof createLoader>[0]['plan']) => () =>
    createLoader({ shards, batchSize: 3, plan, seed: 1 });
  t.throws(loader(stored, samples), {
    instanceOf: UserError,
    message: /holds stored features.*Give one of recordings/,
  });
  t.throws(loader(await stubShards(t, [5000, 6000, 7000]), PLAN), { message: /shards that hold samples/ });
  t.throws(loader(stored, { ...PLAN, samples: { global: CROP, local: 300 } }), {
    instanceOf: UserError,
    message: /300 samples hold no frame of the stored features, which takes 400/,
  });
});
