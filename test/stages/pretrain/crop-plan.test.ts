import test from 'ava';
import { cropFaults, cropPlan, cropSeconds } from '../../../src/stages/pretrain/crop-plan.js';

const options = { globalSeconds: 3, disjoint: false, speeds: [1], features: { sampleRateHz: 8000 } };
const COUNT = { global: 2, local: 4 };

test('crops are as long as asked at the rate of the features, local ones 2 s by default', (t) => {
  t.deepEqual(cropPlan(COUNT, options).samples, { global: 24_000, local: 16_000 });
  t.deepEqual(cropPlan(COUNT, { ...options, localSeconds: 0.5 }).samples, { global: 24_000, local: 4000 });
  t.is(cropSeconds(COUNT, options), 14);
});

test('crops that are played faster are cut longer', (t) => {
  t.true(cropPlan(COUNT, { ...options, speeds: [1, 1.25] }).samples.global >= 30_000);
});

test('crops may overlap unless they are asked not to', (t) => {
  t.false(cropPlan(COUNT, options).disjoint);
  t.true(cropPlan(COUNT, { ...options, disjoint: true }).disjoint);
});

test('local crops that are longer than global ones are a fault, by default, too; without local crops nothing is', (t) => {
  const crops = { global: 2, local: 4 };
  t.deepEqual(cropFaults({ globalSeconds: 1.5, localSeconds: 1.5 }, crops), []);
  t.regex(
    cropFaults({ globalSeconds: 1.5, localSeconds: 3 }, crops).join(),
    /local crops \(3\) are longer .*globalSeconds: 1\.5/,
  );
  t.regex(cropFaults({ globalSeconds: 1.5 }, crops).join(), /\(2 by default\)/);
  t.deepEqual(cropFaults({ globalSeconds: 1.5 }, { global: 2, local: 0 }), []);
});
