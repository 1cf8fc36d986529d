import test from 'ava';
import fc from 'fast-check';
import { createNameTable } from '../../src/data/name-table.js';
import { createTextStore } from '../../src/data/text-store.js';

test('names get the numbers that a Map would give them', (t) => {
  const names = fc.array(fc.oneof(fc.string({ maxLength: 3 }), fc.string({ unit: 'grapheme', maxLength: 20 })), {
    maxLength: 1500,
  });
  fc.assert(
    fc.property(names, (given) => {
      const table = createNameTable();
      const expected = new Map<string, number>();
      for (const name of given) {
        t.is(table.find(name), expected.get(name) ?? -1);
        if (!expected.has(name)) expected.set(name, expected.size);
        t.is(table.add(name), expected.get(name)!);
      }
      t.is(table.size, expected.size);
      t.deepEqual([...table], [...expected.keys()]);
      t.is(table.find('no such name, and longer than any'), -1);
    }),
    { numRuns: 10 },
  );
});

test('a table grows past its first slots and chunks', (t) => {
  const table = createNameTable();
  const name = (i: number) => `${'speaker'.repeat(10)}/${i}`;
  for (let i = 0; i < 20000; i++) table.add(name(i));
  for (let i = 0; i < 20000; i += 97) t.deepEqual([table.find(name(i)), table.at(i)], [i, name(i)]);
  t.is(table.add(name(7)), 7);
  const line = Buffer.from(`0.5 ${name(11)} x`);
  t.is(table.addBytes(line, 4, line.length - 2), 11);
  t.is(table.find(name(20000)), -1);
});

test('texts of any length stand in the store, the empty one and one past a chunk included', (t) => {
  const store = createTextStore();
  const texts = ['', 'ä', 'x'.repeat(2 ** 20), 'y'.repeat(2 ** 20 - 10), 'é'.repeat(600000), '', 'end'];
  t.deepEqual(
    texts.map((text) => store.push(text)),
    [0, 1, 2, 3, 4, 5, 6],
  );
  for (const [i, text] of texts.entries()) t.true(store.at(i) === text);
  t.is(store.size, 7);
  const bytes = Buffer.from('the end.');
  t.deepEqual(
    [store.isSame(6, bytes, 4, 7), store.isSame(6, bytes, 4, 8), store.isSame(1, bytes, 4, 7)],
    [true, false, false],
  );
});
