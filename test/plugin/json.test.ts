import test from 'ava';
import fc from 'fast-check';
import { stableJson } from '../../src/plugin/json.js';

test('equal values have equal text, whatever the order of their keys', (t) => {
  t.is(stableJson({ b: [1, { d: null, c: 'x' }], a: undefined }), '{"b":[1,{"c":"x","d":null}]}');
  t.is(stableJson({ x: 1, y: 2 }), stableJson({ y: 2, x: 1 }));
  t.not(stableJson([1, 2]), stableJson([2, 1]));
});

test('what it writes is JSON of the same value', (t) => {
  const property = fc.property(fc.jsonValue(), (value) => {
    t.deepEqual(JSON.parse(stableJson(value)), JSON.parse(JSON.stringify(value)));
  });
  fc.assert(property, { seed: 1, numRuns: 200 });
});

test('what has no JSON form is refused', (t) => {
  t.throws(() => stableJson({ a: Number.NaN }), { message: /NaN has no JSON form/ });
  t.throws(() => stableJson({ a: () => 1 }), { message: /a function has no JSON form/ });
});
