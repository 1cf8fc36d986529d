import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../../src/errors.js';
import {
  compare,
  makeReference,
  readReference,
  stretchEnds,
  stretchMeans,
} from '../../../src/train/guard/reference-curve.js';
import { createReferenceWatch, nearShares } from '../../../src/train/guard/reference-watch.js';
import type { MetricsLine } from '../../../src/train/metrics-log.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const STEPS = 200;
/** A loss that falls, `offset` above the others'. */
const lines = (offset: number, steps = STEPS): MetricsLine[] =>
  Array.from({ length: steps }, (_, step) => ({
    step,
    loss: 5 - step / 100 + offset,
    effectiveRank: 9,
    accuracy: 0.1,
  }));
const ABOUT = {
  recipe: 'configs/small/x.yaml',
  seeds: [1, 2, 3],
  eer: { clean: { trained: [0.1], untrained: [0.2] } },
};
const REFERENCE = makeReference([lines(0.1), lines(0), lines(-0.2)], ABOUT);

test('a run is cut into stretches that hold every step once', (t) => {
  t.deepEqual(stretchEnds(10, 4), [3, 5, 8, 10]);
  t.deepEqual(stretchEnds(3, 50), [1, 2, 3]);
  t.deepEqual(stretchEnds(0), []);
  t.is(stretchEnds(STEPS).length, 50);
  t.deepEqual(
    stretchMeans(
      [0, 1, 2, 3].map((step) => ({ step, loss: step })),
      [1, 4],
      'loss',
    ),
    [0, 2],
  );
  t.deepEqual(stretchMeans([{ step: 0, loss: 1 }], [1, 2], 'loss'), [1, Number.NaN]);
});

test('a reference holds median and range of the seeds, of what they all log', (t) => {
  t.like(REFERENCE, { ...ABOUT, steps: STEPS });
  t.deepEqual(Object.keys(REFERENCE.signals), ['loss', 'effectiveRank']);
  const { median, low, high } = REFERENCE.signals.loss!;
  // The first stretch is of four steps.
  t.deepEqual([median[0], low[0], high[0]], [4.985, 4.785, 5.085]);
  t.deepEqual([median.length, low.length, high.length], [50, 50, 50]);
});

test('near is within the range, and as far outside as it is wide', (t) => {
  const band = { low: 4, high: 5, median: 4.5 };
  t.deepEqual(
    [2.9, 3.1, 4.5, 5.9, 6.1].map((value) => compare(band, value)),
    ['below', 'near', 'near', 'near', 'above'],
  );
  const seedsAlike = { low: 4, high: 4, median: 4 };
  t.deepEqual(
    [3.7, 3.9, 4.1, 4.3].map((value) => compare(seedsAlike, value)),
    ['below', 'near', 'near', 'above'],
  );
});

test('a run says at a few points how it compares', (t) => {
  const said: string[] = [];
  const watch = createReferenceWatch(REFERENCE, { steps: STEPS, log: (line) => said.push(line) });
  for (const { step, ...metrics } of lines(1)) watch.see(step, { ...metrics, loss: metrics.loss });
  t.is(said.length, 5);
  t.is(said[2], 'step 100: loss 5.03, reference 3.83 to 4.13: above it; effective rank 9, reference 9 to 9');
  t.regex(said[4], /^step 200: /);
  t.deepEqual(nearShares(lines(1), REFERENCE), { loss: { near: 0, of: 50 }, effectiveRank: { near: 50, of: 50 } });
  t.deepEqual(nearShares(lines(0.1, 100), REFERENCE).loss, { near: 25, of: 25 });
  t.deepEqual(nearShares([], REFERENCE), {});
});

test('another number of steps is said; a resumed run goes on', (t) => {
  const said: string[] = [];
  const watch = createReferenceWatch(REFERENCE, { steps: 1000, log: (line) => said.push(line) });
  t.regex(said[0], /ran 200 steps, this run 1000/);
  for (const { step, ...metrics } of lines(0, 400).slice(98)) watch.see(step, { ...metrics, loss: metrics.loss });
  t.deepEqual(
    said.slice(1).map((line) => line.split(':')[0]),
    ['step 100', 'step 152', 'step 200'],
  );
});

test('references that cannot be read', (t) => {
  t.throws(() => readReference('no-such-method'), {
    instanceOf: UserError,
    message: /no-such-method\.json does not exist/,
  });
  const folder = temporaryFolder(t, { 'a.json': '{"steps": 3}', 'b.json': JSON.stringify(REFERENCE) });
  t.throws(() => readReference(join(folder, 'a.json')), { instanceOf: UserError, message: /is not a reference curve/ });
  t.deepEqual(readReference(join(folder, 'b.json')), JSON.parse(JSON.stringify(REFERENCE)));
});
