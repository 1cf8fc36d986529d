import test from 'ava';
import fc from 'fast-check';
import { safeNames } from '../../../src/data/corpus/safe-names.js';

test('names that are safe stay as they are', (t) => {
  const names = ['id10001', 'Zoë_2', '小明', 'a.b-c'];
  t.deepEqual(names.map(safeNames(names)), names);
});

test('names that would be one file or one word are told apart, whatever their order', (t) => {
  const keys = ['a b', 'a_b', 'A_B', '-', '..', 'x'.repeat(300)];
  const nameOf = safeNames(keys);
  t.is(nameOf('-'), '_-');
  t.is(nameOf('..'), '_..');
  t.regex(nameOf('a b'), /^a_b-[0-9a-f]{8}$/);
  t.deepEqual(keys.map(safeNames([...keys].reverse())), keys.map(nameOf));
});

test('any keys give different short names without white space, path separators or hidden files', (t) => {
  const keys = fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 200 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(keys, (given) => {
      const names = given.map(safeNames(given));
      t.is(new Set(names.map((name) => name.toLowerCase())).size, given.length);
      for (const name of names) {
        t.regex(name, /^[\p{L}\p{M}\p{N}_][\p{L}\p{M}\p{N}._-]*$/u);
        t.true(Buffer.byteLength(name) <= 160);
      }
    }),
    { numRuns: 50 },
  );
});
