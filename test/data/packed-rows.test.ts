import test from 'ava';
import fc from 'fast-check';
import { chained, packedRows, rowsFrom, rowsWhere } from '../../src/data/packed-rows.js';

test('packed rows come back in order, on every walk, while more are added', (t) => {
  const rows = packedRows<{ name: string; place: number | null; part?: { from: number } }>();
  t.deepEqual([...rows], []);
  const list = Array.from({ length: 5000 }, (_, i) => ({
    name: `utterance "${i}"\n`,
    place: i % 3 === 0 ? null : i / 7,
    ...(i % 2 === 0 && { part: { from: i } }),
  }));
  for (const [i, row] of list.entries()) {
    rows.push(row);
    if (i === 2047 || i === 2048) t.deepEqual([...rows], list.slice(0, i + 1));
  }
  t.is(rows.length, 5000);
  t.deepEqual([...rows], list);
  const [first] = rows;
  first.name = 'changed';
  t.deepEqual([...rows][0], list[0], 'what is walked over is a copy');
});

test('any text survives the packing', (t) => {
  const texts = fc.array(fc.string({ unit: 'binary' }), { maxLength: 10 });
  fc.assert(
    fc.property(texts, (list) => {
      const rows = packedRows<string>();
      for (const text of list) rows.push(text);
      t.deepEqual([...rows], list);
    }),
    { numRuns: 50 },
  );
});

test('rows take little memory: what neighbours share is stored once', (t) => {
  const rows = packedRows<string>();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 40960; i++)
    rows.push(`/data/speakers/id${Math.floor(i / 180)}/videos/v${Math.floor(i / 6)}/${i}.wav`);
  const bytes = process.memoryUsage().arrayBuffers - before;
  t.true(bytes < 40960 * 40, `${bytes} bytes`);
});

test('filters and chains walk anew each time', (t) => {
  let walks = 0;
  const rows = rowsFrom(4, function* () {
    walks++;
    yield* [1, 2, 3, 4];
  });
  const even = rowsWhere(rows, (value) => value % 2 === 0);
  t.is(even.length, 2);
  const both = chained<number>([() => even, () => [7]]);
  t.deepEqual(
    [[...both], [...both]],
    [
      [2, 4, 7],
      [2, 4, 7],
    ],
  );
  t.is(walks, 3);
});
