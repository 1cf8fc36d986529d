import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import dynamicGate from '../../../clustering/gates/dynamic.js';
import fixedGate from '../../../clustering/gates/fixed.js';
import { crossingOf, fitTwoGaussians, type Gaussian, logDensity } from '../../../src/cluster/gaussian-pair.js';
import { createRng } from '../../../src/random.js';

interface PairCase {
  name: string;
  logs: number[];
  low: Gaussian;
  high: Gaussian;
  logLikelihood: number;
  crossing: number;
}

const file = new URL('../../../../test/fixtures/clustering/gaussian-pairs.json', import.meta.url);
const cases = JSON.parse(readFileSync(file, 'utf8')) as PairCase[];
const defaults = dynamicGate.options.parse({});
const gateOf = (losses: ArrayLike<number>, options: Partial<typeof defaults> = {}) =>
  dynamicGate.threshold(Float32Array.from(losses), { ...defaults, ...options });
/** On logarithms, as published. */
const gate = (losses: ArrayLike<number>, options: Partial<typeof defaults> = {}) =>
  gateOf(losses, { power: 0, ...options });

/** The softmax loss of a label that the network finds less likely than the others together by `logOdds`. */
const lossAt = (logOdds: number) => -Math.log(1 / (1 + Math.exp(logOdds)));

/** Losses of which a share of 0.3 are of wrong labels, by the means and deviations of their log-odds. */
function mixedLosses(right: [number, number], wrong: [number, number], seed: number) {
  const rng = createRng(seed);
  const bad = Array.from({ length: 4000 }, (_, i) => i % 10 < 3);
  const losses = bad.map((isWrong) => {
    const [mean, deviation] = isWrong ? wrong : right;
    return lossAt(mean + deviation * rng.normal());
  });
  return { bad, losses };
}

/** Share of labels on which a limit is right: right ones at or below it, wrong ones above. */
const agreement = (losses: number[], bad: boolean[], limit: number) =>
  losses.filter((loss, i) => loss <= limit !== bad[i]).length / losses.length;

// Means and deviations as a network had them that was trained behind a gate: far apart, or on both sides of even odds.
for (const [kind, right, wrong] of [
  ['drawn at random', [-2.4, 1.6], [9, 5]],
  ['those of a similar voice', [-2, 1.2], [1.5, 1.5]],
] as const) {
  test(`where wrong labels are ${kind}, the gate decides nearly as well as the best limit of all`, (t) => {
    const { bad, losses } = mixedLosses([...right], [...wrong], 7);
    const { threshold, components } = gateOf(losses);
    t.is(components?.mixed, 1);
    t.true(Math.abs(components!.lowMean - right[0]) < 0.3 && Math.abs(components!.highMean - wrong[0]) < 0.5);
    const best = Math.max(...losses.map((limit) => agreement(losses, bad, limit)));
    t.true(agreement(losses, bad, threshold) > best - 0.01);
  });
}

test('easy and hard samples of right labels have one mode on log-odds, and all are kept', (t) => {
  const rng = createRng(8);
  for (const deviation of [1, 3, 6]) {
    const losses = Array.from({ length: 514 }, () => lossAt(-1 + deviation * rng.normal()));
    const { threshold, components } = gateOf(losses);
    t.deepEqual([threshold, components?.mixed], [Number.POSITIVE_INFINITY, 0]);
  }
  // On logarithms the easy ones are a tail, and the hard ones are rejected.
  const wide = Array.from({ length: 514 }, () => lossAt(-1 + 3 * rng.normal()));
  t.true(Number.isFinite(gate(wide).threshold));
});

test('few losses that are all but zero do not make wrong labels of the others', (t) => {
  const rng = createRng(9);
  const losses = Array.from({ length: 1000 }, (_, i) => (i % 10 ? lossAt(3 + 2 * rng.normal()) : 1e-6));
  t.is(gateOf(losses).threshold, Number.POSITIVE_INFINITY);
  t.true(Number.isFinite(gateOf(losses, { leastWeight: 0.05 }).threshold));
});

test('losses of any size are finite on log-odds', (t) => {
  const losses = Array.from({ length: 3000 }, (_, i) => (i % 3 ? 1e-9 * (1 + (i % 7)) : 300 + (i % 50)));
  const { threshold, components } = gateOf(losses);
  t.true(Object.values(components!).every(Number.isFinite));
  t.true(threshold > 1e-6 && threshold < 300);
});

for (const { name, logs, low, high, logLikelihood, crossing } of cases) {
  test(`${name}: the mixture and crossing that scikit-learn finds`, (t) => {
    const found = fitTwoGaussians(logs);
    t.true(Math.abs(found.logLikelihood - logLikelihood) < 1e-5);
    for (const [ours, theirs] of [
      [found.low, low],
      [found.high, high],
    ]) {
      t.true(Math.abs(ours.mean - theirs.mean) < 0.01);
      t.true(Math.abs(ours.deviation - theirs.deviation) < 0.01);
      t.true(Math.abs(ours.weight - theirs.weight) < 0.01);
    }
    t.true(Math.abs(crossingOf(low, high)! - crossing) < 1e-9);
    const { threshold, components } = gate(logs.map(Math.exp));
    t.is(components?.mixed, 1);
    t.true(Math.abs(Math.log(threshold) - crossing) < 0.02);
  });
}

test('equal components cross in the middle; the densities are equal at any crossing', (t) => {
  const part = { deviation: 0.7, weight: 0.5 };
  t.true(Math.abs(crossingOf({ ...part, mean: -1 }, { ...part, mean: 3 })! - 1) < 1e-12);
  const component = fc.record({
    mean: fc.double({ min: -5, max: 5, noNaN: true }),
    deviation: fc.double({ min: 0.1, max: 3, noNaN: true }),
    weight: fc.double({ min: 0.01, max: 1, noNaN: true }),
  });
  const property = fc.property(component, component, (a, b) => {
    const [low, high] = a.mean <= b.mean ? [a, b] : [b, a];
    const crossing = crossingOf(low, high);
    const dominated = [low, high].some(
      ({ mean }, i) => logDensity(mean, [high, low][i]) >= logDensity(mean, [low, high][i]),
    );
    if (crossing === undefined) return dominated;
    const apart = Math.abs(logDensity(crossing, low) - logDensity(crossing, high));
    return crossing >= low.mean && crossing <= high.mean && apart < 1e-9;
  });
  t.notThrows(() => fc.assert(property, { seed: 1, numRuns: 500 }));
});

test('mislabelled utterances are told from the others, without any randomness', (t) => {
  const rng = createRng(1);
  const wrong = Array.from({ length: 50_000 }, (_, i) => i % 10 < 3);
  const losses = wrong.map((bad) => Math.exp(bad ? 1.5 + 0.5 * rng.normal() : -2 + 0.9 * rng.normal()));
  const { threshold } = gate(losses);
  const kept = losses.map((loss) => loss <= threshold);
  const right = kept.filter((keeps, i) => keeps && !wrong[i]).length;
  t.true(right / kept.filter(Boolean).length > 0.97, 'precision');
  t.true(right / wrong.filter((bad) => !bad).length > 0.97, 'recall');
  t.is(gate(losses.toReversed()).threshold, threshold);
});

test('keeps all where nothing can be told apart, and says so', (t) => {
  const rng = createRng(2);
  const normal = (mean: number, deviation: number) => () => Math.exp(mean + deviation * rng.normal());
  const oneMode = Array.from({ length: 2000 }, normal(0, 1));
  const degenerate: Record<string, ArrayLike<number>> = {
    'no losses': [],
    'no known losses': new Float32Array(50).fill(Number.NaN),
    'infinite losses': new Float32Array(50).fill(Number.POSITIVE_INFINITY),
    'equal losses': new Float32Array(500).fill(0.3),
    'zeros and negative losses': Float32Array.from({ length: 100 }, (_, i) => -(i % 3)),
    'few samples': [0.01, 0.011, 0.012, 5, 5.1, 5.2],
    'one other among equal losses': new Float32Array(100_000).fill(0.5).fill(3, 0, 1),
    'almost equal losses': Float32Array.from({ length: 500 }, (_, i) => 1 + (i % 2) * 1e-7),
  };
  const onLogarithms: Record<string, ArrayLike<number>> = {
    'one mode': oneMode,
    'one mode within another': oneMode.concat(Array.from({ length: 2000 }, normal(0, 0.2))),
    'a few outliers below': oneMode.concat([1e-6, 2e-6, 3e-6]),
  };
  for (const [name, losses] of Object.entries(onLogarithms)) {
    t.deepEqual([gate(losses).threshold, gate(losses).components?.mixed], [Number.POSITIVE_INFINITY, 0], name);
  }
  for (const [name, losses] of Object.entries(degenerate)) {
    for (const { threshold, components } of [gate(losses), gateOf(losses)]) {
      t.deepEqual([threshold, components?.mixed], [Number.POSITIVE_INFINITY, 0], name);
    }
  }
});

test('zeros among the losses are small losses, and NaN are left out', (t) => {
  const rng = createRng(3);
  const losses = Array.from({ length: 3000 }, (_, i) => Math.exp((i % 3 ? -4 : 1.5) + 0.5 * rng.normal()));
  const plain = gate(losses).threshold;
  t.true(Math.abs(Math.log(gate([...losses, ...new Float32Array(500).fill(Number.NaN)]).threshold / plain)) < 1e-9);
  const { threshold, components } = gate([...losses, ...new Float32Array(600)]);
  t.is(components?.mixed, 1);
  t.true(threshold > 0 && threshold < Math.exp(1.5));
});

test('of two crossings the one between the means decides', (t) => {
  const low = { mean: -1, deviation: 2, weight: 0.5 };
  const high = { mean: 1.5, deviation: 0.4, weight: 0.5 };
  const ratio = (x: number) => logDensity(x, low) - logDensity(x, high);
  t.true(ratio(1.5) < 0 && ratio(4) > 0, 'the wide one is above again beyond the narrow one');
  const crossing = crossingOf(low, high)!;
  t.true(crossing > -1 && crossing < 1.5 && Math.abs(ratio(crossing)) < 1e-9);
  const rng = createRng(4);
  const losses = Array.from({ length: 8000 }, (_, i) => {
    const { mean, deviation } = i % 2 ? low : high;
    return Math.exp(mean + deviation * rng.normal());
  });
  const { threshold, components } = gate(losses);
  t.is(components?.mixed, 1);
  t.true(Math.abs(Math.log(threshold) - crossing) < 0.1);
});

test('overlapping components are believed where the lower one is no mere tail', (t) => {
  const rng = createRng(5);
  const losses = (share: number) =>
    Array.from({ length: 4000 }, (_, i) => Math.exp(i < share * 4000 ? 1.3 * rng.normal() : 1.5 + 0.4 * rng.normal()));
  const half = gate(losses(0.5));
  t.like(half.components, { mixed: 1 });
  t.true(half.components!.separation < 2 && half.threshold > Math.exp(0) && half.threshold < Math.exp(1.5));
  const tail = gate(losses(0.15));
  t.like(tail.components, { mixed: 0 });
  t.is(tail.threshold, Number.POSITIVE_INFINITY);
  const believed = gate(losses(0.15), { overlapWeight: 0 });
  t.true(Number.isFinite(believed.threshold));
});

test('a mixture whose cube roots are Gaussian is split where these cross', (t) => {
  const [low, high] = [
    { mean: 0.8, deviation: 0.3, weight: 0.7 },
    { mean: 2, deviation: 0.15, weight: 0.3 },
  ];
  const rng = createRng(6);
  const losses = Array.from({ length: 20_000 }, (_, i) => {
    const { mean, deviation } = i % 10 < 3 ? high : low;
    return Math.max(0, mean + deviation * rng.normal()) ** 3;
  });
  const { threshold, components } = gate(losses, { power: 1 / 3 });
  t.true(Math.abs(Math.cbrt(threshold) - crossingOf(low, high)!) < 0.02);
  t.true(Math.abs(components!.highWeight - 0.3) < 0.01);
  // Their logarithms are skewed to the left: the component of low losses is made wide, and takes high losses in.
  t.true(gate(losses).threshold > threshold);
  t.is(gate(new Float32Array(500).fill(0.3), { power: 1 / 3 }).threshold, Number.POSITIVE_INFINITY);
});

test('two values only', (t) => {
  const { threshold, components } = gate(Float32Array.from({ length: 100 }, (_, i) => (i % 2 ? 0.1 : 2)));
  t.is(components?.mixed, 1);
  t.true(threshold > 0.1 && threshold < 2);
});

test('the fixed gate is its threshold', (t) => {
  const losses = Float32Array.of(Number.NaN, 1, 9);
  t.deepEqual(fixedGate.threshold(losses, fixedGate.options.parse({ threshold: 3 })), { threshold: 3 });
  t.deepEqual(fixedGate.threshold(losses, fixedGate.options.parse({})), { threshold: 1 });
  t.throws(() => fixedGate.options.parse({ threshold: 0 }));
});
