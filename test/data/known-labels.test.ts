import test from 'ava';
import fc from 'fast-check';
import { knownLabels } from '../../src/data/known-labels.js';

const SPEAKERS = ['b', 'a', 'b', 'c', 'a', 'b', 'b', 'a', 'b', 'b'];
const all = { share: 1, least: 2, seed: 1 };

test('every utterance gets the number of its speaker, by name; who has too few is left out', (t) => {
  t.deepEqual(knownLabels(SPEAKERS, all), {
    labels: Int32Array.of(1, 0, 1, -1, 0, 1, 1, 0, 1, 1),
    speakers: 2,
    leftOut: 1,
  });
  t.deepEqual([...knownLabels(SPEAKERS, { ...all, least: 1 }).labels], [1, 0, 1, 2, 0, 1, 1, 0, 1, 1]);
  t.deepEqual(knownLabels(SPEAKERS, { ...all, least: 7 }), {
    labels: new Int32Array(10).fill(-1),
    speakers: 0,
    leftOut: 3,
  });
});

test('a share of each speaker, never fewer than the least, by the seed', (t) => {
  const speakers = Array.from({ length: 100 }, (_, i) => `s${i % 5}`);
  const counts = (share: number, least = 2) => {
    const { labels } = knownLabels(speakers, { share, least, seed: 3 });
    return [0, 1, 2, 3, 4].map((label) => labels.filter((own) => own === label).length);
  };
  t.deepEqual(counts(0.1), [2, 2, 2, 2, 2]);
  t.deepEqual(counts(0.33), [7, 7, 7, 7, 7]);
  t.deepEqual(counts(0.01, 4), [4, 4, 4, 4, 4]);
  const drawn = (seed: number) => knownLabels(speakers, { share: 0.3, least: 2, seed }).labels;
  t.deepEqual(drawn(1), drawn(1));
  t.notDeepEqual(drawn(1), drawn(2));
});

test('which utterances a speaker shows does not depend on the others', (t) => {
  const own = (names: string[]) => {
    const { labels } = knownLabels([...Array<string>(10).fill('m'), ...names], { share: 0.3, least: 2, seed: 1 });
    return [...labels.slice(0, 10).keys()].filter((i) => labels[i] >= 0);
  };
  t.deepEqual(own(['a', 'a', 'z', 'z', 'z']), own(['x', 'x']));
});

test('labels are numbers without gaps, right for their speakers, and as many as asked', (t) => {
  const speakers = fc.array(fc.constantFrom('u', 'v', 'w', 'x'), { minLength: 1, maxLength: 60 });
  const share = fc.double({ min: 0.01, max: 1, noNaN: true });
  const property = fc.property(speakers, share, fc.integer({ min: 1, max: 4 }), (given, share, least) => {
    const found = knownLabels(given, { share, least, seed: 1 });
    const names = [...new Set(given)].filter((name) => given.filter((other) => other === name).length >= least).sort();
    t.is(found.speakers, names.length);
    t.is(found.speakers + found.leftOut, new Set(given).size);
    for (const [label, name] of names.entries()) {
      const own = [...found.labels.keys()].filter((i) => found.labels[i] === label);
      t.true(own.every((i) => given[i] === name));
      const total = given.filter((other) => other === name).length;
      t.is(own.length, Math.max(least, Math.round(share * total)));
    }
  });
  t.notThrows(() => fc.assert(property, { seed: 1, numRuns: 50 }));
});

test('an utterance of nobody known has no label, and nobody known is no speaker', (t) => {
  t.deepEqual(knownLabels(['b', '', 'a', 'b', '', 'a', ''], all), {
    labels: Int32Array.of(1, -1, 0, 1, -1, 0, -1),
    speakers: 2,
    leftOut: 0,
  });
});
