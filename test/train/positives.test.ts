import test from 'ava';
import { groupsOfLabels } from '../../src/data/crops/crop-sources.js';
import { createPositives, measurePositives, summarizePositives } from '../../src/train/positives.js';

const PLAN = { crops: 'all', probability: 0.5, fromEpoch: 2, everyEpochs: 3 } as const;

/** Positives whose groups tell the epoch in which they were made. */
function counted(plan: Partial<typeof PLAN> | { everyEpochs: number } = {}) {
  const made: number[] = [];
  const positives = createPositives({ ...PLAN, ...plan }, async (epoch) => {
    made.push(epoch);
    return groupsOfLabels(Int32Array.of(0, epoch, -1, 0));
  });
  return { made, positives };
}

test('groups are made at the start of every n-th epoch, and kept in between', async (t) => {
  const { made, positives } = counted();
  t.is(await positives.sources(0), undefined);
  t.is(await positives.sources(1), undefined);
  t.deepEqual(made, []);
  const first = await positives.sources(2);
  t.like(first, { crops: 'all', probability: 0.5 });
  for (const epoch of [2, 3, 4]) t.is(await positives.sources(epoch), first);
  const second = await positives.sources(5);
  t.not(second, first);
  t.is(await positives.sources(7), second);
  await positives.sources(8);
  t.deepEqual(made, [2, 5, 8]);
});

test('a resumed run goes on with the groups of its checkpoint, and makes the next in time', async (t) => {
  const { positives } = counted();
  t.deepEqual(positives.state(), {});
  const whole = await positives.sources(2);
  const resumed = counted();
  resumed.positives.restore(positives.state());
  const restored = await resumed.positives.sources(4);
  t.deepEqual(resumed.made, []);
  t.deepEqual(restored, whole);
  t.true(restored!.members.buffer instanceof SharedArrayBuffer);
  t.deepEqual(resumed.positives.state(), positives.state());
  await resumed.positives.sources(5);
  t.deepEqual(resumed.made, [5]);
});

test('a run that goes back before its first groups has none, and makes them again', async (t) => {
  const { made, positives } = counted();
  const before = positives.state();
  await positives.sources(2);
  positives.restore(before);
  t.deepEqual(positives.state(), {});
  t.is(await positives.sources(1), undefined);
  await positives.sources(2);
  t.deepEqual(made, [2, 2]);
});

test('groups that could not be made leave the earlier ones in the state', async (t) => {
  let fails = false;
  const positives = createPositives({ ...PLAN, everyEpochs: 1 }, async () => {
    if (fails) throw new Error('no clusters');
    return groupsOfLabels(Int32Array.of(0, 0));
  });
  await positives.sources(2);
  const state = positives.state();
  fails = true;
  await t.throwsAsync(positives.sources(3), { message: 'no clusters' });
  t.deepEqual(positives.state(), state);
});

test('shares of a batch: crops of other utterances, and of these the own speaker', (t) => {
  const utterances = Int32Array.of(0, 1, 2);
  const origins = Int32Array.of(0, 1, 2, 3, 4, 2, 0, 5, 4);
  const speakers = ['a', 'b', 'c', 'a', 'b', 'c'];
  // Others: 3 for 0 (same), 4 for 1 (same), 5 for 1 (not), 4 for 2 (not).
  t.deepEqual(measurePositives(utterances, origins, speakers), { otherUtterances: 4 / 9, sameSpeaker: 0.5 });
  t.deepEqual(measurePositives(utterances, origins, null), { otherUtterances: 4 / 9 });
  t.deepEqual(measurePositives(utterances, origins.subarray(0, 3), speakers), { otherUtterances: 0 });
});

test('shares of a run', (t) => {
  const lines: Record<string, number>[] = [
    { loss: 1, otherUtterances: 0 },
    { otherUtterances: 0.5, sameSpeaker: 1 },
  ];
  t.deepEqual(summarizePositives([...lines, { otherUtterances: 0.25, sameSpeaker: 0.25 }]), {
    otherUtterances: 0.25,
    sameSpeaker: 0.75,
  });
  t.deepEqual(summarizePositives([{ otherUtterances: 0.5 }]), { otherUtterances: 0.5, sameSpeaker: null });
  t.deepEqual(summarizePositives([]), { otherUtterances: 0, sameSpeaker: null });
});
