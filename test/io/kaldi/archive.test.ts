import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import fc from 'fast-check';
import { UserError } from '../../../src/errors.js';
import { type KaldiEntry, readKaldiArchive, writeKaldiArchive } from '../../../src/io/kaldi/archive.js';
import type { KaldiCompression } from '../../../src/io/kaldi/compressed.js';
import { readKaldi, readKaldiEmbeddings } from '../../../src/io/kaldi/scp.js';
import { readNpy } from '../../../src/io/npy.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

// Written by Kaldi's own code: test/fixtures/kaldi/make.py.
const fixture = (name: string) => fileURLToPath(new URL(`../../../../test/fixtures/kaldi/${name}`, import.meta.url));
const numbers = (name: string) => Array.from(readNpy(fixture(name)).data, Number);

function entriesOf(path: string): KaldiEntry[] {
  const entries: KaldiEntry[] = [];
  readKaldi(path, (entry) => entries.push(entry));
  return entries;
}

const valuesOf = (entries: readonly KaldiEntry[]) => entries.flatMap(({ value }) => [...value.data]);
const MATRICES = {
  plain: [7, 5],
  tall: [40, 3],
  'one-row': [1, 4],
  'two-rows': [2, 4],
  equal: [6, 2],
  'few-values': [9, 4],
};
const shapesOf = (entries: readonly KaldiEntry[]) =>
  Object.fromEntries(entries.map(({ key, value }) => [key, value.shape]));

for (const kind of ['float', 'double']) {
  const round = (values: number[]) => (kind === 'float' ? values.map(Math.fround) : values);
  test(`${kind} matrices and vectors of Kaldi are read, and written to the same bytes`, async (t) => {
    const folder = temporaryFolder(t);
    for (const [what, shapes] of [
      ['matrices', MATRICES],
      ['vectors', { 'spk1-utt1': [6], 'spk1-utt2': [6], short: [1] }],
    ] as const) {
      const path = fixture(`${kind}-${what}-binary.ark`);
      const entries = entriesOf(path);
      t.deepEqual(shapesOf(entries), shapes as Record<string, number[]> as never);
      t.deepEqual(valuesOf(entries), round(numbers(`${what}.npy`)));
      await writeKaldiArchive(join(folder, 'again.ark'), entries);
      t.deepEqual(readFileSync(join(folder, 'again.ark')), readFileSync(path));

      const text = entriesOf(fixture(`${kind}-${what}-text.ark`));
      t.deepEqual(shapesOf(text), shapesOf(entries));
      const worst = valuesOf(text).reduce(
        (most, value, i) => Math.max(most, Math.abs(value - valuesOf(entries)[i]) / Math.max(1, Math.abs(value))),
        0,
      );
      t.true(worst < 1e-5, `Kaldi writes seven digits; ${worst}`);
    }
  });
}

for (const kind of ['CM', 'CM2', 'CM3'] satisfies KaldiCompression[]) {
  test(`${kind}: unpacked as Kaldi does, and packed to its bytes`, async (t) => {
    const entries = entriesOf(fixture(`compressed-${kind}.ark`));
    t.deepEqual(shapesOf(entries), MATRICES as never);
    const expected = numbers(`compressed-${kind}.npy`);
    const worst = valuesOf(entries).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
    t.true(worst < 3e-7 * 30, `largest difference ${worst}`);
    const originals = entriesOf(fixture('float-matrices-binary.ark'));
    const path = join(temporaryFolder(t), 'packed.ark');
    await writeKaldiArchive(path, originals, { compression: kind });
    t.deepEqual(readFileSync(path), readFileSync(fixture(`compressed-${kind}.ark`)));
  });
}

test('any entries come back from binary and text, in order and through an index in any order', async (t) => {
  const folder = temporaryFolder(t);
  const [path, scp] = [join(folder, 'x.ark'), join(folder, 'x.scp')];
  const key = fc.stringMatching(/^[a-zA-Z0-9äß_.-]{1,20}$/);
  const value = fc.oneof(
    fc.float32Array({ noNaN: true, maxLength: 9 }).map((data) => ({ shape: [data.length] as [number], data })),
    fc
      .float32Array({ noNaN: true, minLength: 6, maxLength: 6 })
      .map((data) => ({ shape: [2, 3] as [number, number], data })),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ key, value }), { maxLength: 6 }), fc.boolean(), async (entries, text) => {
      await writeKaldiArchive(path, entries, { scp, text });
      const zeroed = (all: readonly KaldiEntry[]) =>
        all.map((one) => [one.key, one.value.shape, [...one.value.data].map((x) => x + 0)]);
      t.deepEqual(zeroed(entriesOf(path)), zeroed(entries));
      t.deepEqual(zeroed(entriesOf(scp)), zeroed(entries));
      writeFileSync(scp, readFileSync(scp, 'utf8').trimEnd().split('\n').reverse().join('\n'));
      t.deepEqual(zeroed(entriesOf(scp)), zeroed([...entries].reverse()));
    }),
    { numRuns: 40 },
  );
});

test("an archive that was cut short, at any byte, is the user's error or ends between two entries", (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'cut.ark');
  for (const name of ['float-matrices-binary.ark', 'compressed-CM.ark', 'float-vectors-text.ark']) {
    const bytes = readFileSync(fixture(name));
    const whole = entriesOf(fixture(name)).length;
    for (let length = bytes.length - 1; length > 0; length -= 7) {
      writeFileSync(path, bytes);
      truncateSync(path, length);
      try {
        const entries: KaldiEntry[] = [];
        readKaldiArchive(path, (entry) => entries.push(entry));
        t.true(entries.length <= whole);
      } catch (error) {
        t.true(error instanceof UserError && error.message.includes(path), `${name} cut to ${length}: ${error}`);
      }
    }
  }
});

test("embeddings: vectors of one length by name; anything else is the user's error", async (t) => {
  const folder = temporaryFolder(t);
  const [path, scp] = [join(folder, 'x.ark'), join(folder, 'x.scp')];
  const vector = (key: string, ...data: number[]) => ({
    key,
    value: { shape: [data.length] as [number], data: Float32Array.from(data) },
  });
  await writeKaldiArchive(path, [vector('a', 1, 2), vector('b', 3, 4)], { scp });
  t.deepEqual(readKaldiEmbeddings(scp), { names: ['a', 'b'], vectors: Float32Array.of(1, 2, 3, 4), size: 2 });
  const refused = async (entries: KaldiEntry[], message: RegExp) => {
    await writeKaldiArchive(path, entries);
    t.throws(() => readKaldiEmbeddings(path), { instanceOf: UserError, message });
  };
  await refused([vector('a', 1, 2), vector('b', 3)], /b has 1 values, not 2/);
  await refused([vector('a', 1), vector('a', 2)], /a occurs twice/);
  await refused([], /no embedding/);
  await t.throwsAsync(writeKaldiArchive(path, [vector('a b', 1)]), {
    instanceOf: UserError,
    message: /"a b" cannot be one/,
  });
  writeFileSync(scp, 'a gunzip -c x.ark.gz |\n');
  t.throws(() => readKaldiEmbeddings(scp), { instanceOf: UserError, message: /x\.scp:1: .*a command/ });
  writeFileSync(scp, `a ${path}:99999\n`);
  t.throws(() => readKaldiEmbeddings(scp), { instanceOf: UserError, message: /cut short: an index names byte 99999/ });
});
