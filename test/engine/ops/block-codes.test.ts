import { readFileSync } from 'node:fs';
import test from 'ava';
import {
  BLOCKS,
  type Block,
  decodeBlocks,
  encodeBlocks,
  fromBlocks,
  toBlocks,
} from '../../../src/engine/ops/block-codes.js';
import { type CodeBook, signedBook, unsignedBook } from '../../../src/engine/ops/dynamic-tree-codes.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { float32 } from '../../../src/host-tensor.js';
import { plainBook, plainRoundTrip } from '../../helpers/oracles/codes.js';
import { normals } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

/** Encodes and decodes `values` in the graph. */
async function roundTrip(values: Float32Array, book: CodeBook, block: Block = 256) {
  return withSession(async (session) => {
    const there = session.compile('there', ({ x }: Record<string, Tensor>) => {
      const { codes, absmax } = encodeBlocks(toBlocks(x, block), book);
      const kept = fromBlocks(codes, values.length);
      return { codes: kept, absmax, back: fromBlocks(decodeBlocks(kept, absmax, book, block), values.length) };
    });
    const { codes, absmax, back } = await there({ x: float32(values) });
    return { codes, absmax: absmax.data as Float32Array, back: back.data as Float32Array };
  });
}

const meanRelativeError = (values: Float32Array, back: Float32Array): number =>
  values.reduce((sum, value, i) => sum + Math.abs(back[i] - value) / Math.abs(value), 0) / values.length;

test('normal numbers come back with a mean relative error of 1.5 %, their squares with 1.7 %', async (t) => {
  const values = normals(200_000, 'round trip');
  const signed = meanRelativeError(values, (await roundTrip(values, signedBook)).back);
  t.true(signed > 0.0145 && signed < 0.0155, `${signed}`);
  const squares = values.map((value) => value * value);
  const unsigned = meanRelativeError(squares, (await roundTrip(squares, unsignedBook)).back);
  t.true(unsigned > 0.0165 && unsigned < 0.0175, `${unsigned}`);
});

for (const [name, book] of Object.entries({ signed: signedBook, unsigned: unsignedBook })) {
  for (const block of BLOCKS) {
    test(`${name}: blocks of ${block} and a short last one come back as by brute force`, async (t) => {
      const values = normals(3 * block + 232, name).map(
        (value, i) => (book.signed ? value : value * value) * 10 ** -Math.floor(i / block),
      );
      const { codes, absmax, back } = await roundTrip(values, book, block);
      t.deepEqual([codes.dtype, codes.shape, absmax.length], ['uint8', [3 * block + 232], 4]);
      const expected = plainRoundTrip([...values], plainBook(book.signed), block);
      t.deepEqual(back, Float32Array.from(expected));
    });
  }

  test(`${name}: a block of zeros stays one, and an outlier spoils its own block only`, async (t) => {
    const values = Float32Array.from(normals(768, name), Math.abs);
    values.fill(0, 0, 256);
    const calm = await roundTrip(values, book);
    t.true(calm.back.subarray(0, 256).every((value) => Object.is(value, 0)));
    t.is(calm.absmax[0], 0);
    values[300] = 1e4;
    const { back } = await roundTrip(values, book);
    t.is(back[300], 1e4);
    t.deepEqual(back.subarray(512), calm.back.subarray(512));
    t.notDeepEqual(back.subarray(256, 512), calm.back.subarray(256, 512));
  });

  test(`${name}: what is not finite stays so, in its block`, async (t) => {
    for (const strange of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const values = new Float32Array(512).fill(0.25);
      values[70] = strange;
      const { back } = await roundTrip(values, book);
      t.false(Number.isFinite(back[70]), `${strange} became ${back[70]}`);
      t.true(back.subarray(256).every((value) => value === 0.25));
    }
  });
}

interface Published {
  book: 'signed' | 'unsigned';
  block: Block;
  absmax: number[];
  codes: string;
}

test('scales are those of the published implementation, and codes as near or nearer', async (t) => {
  const file = new URL('../../../../test/fixtures/optim/block-codes.json', import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Published[] };
  t.is(cases.length, 4);
  for (const { book, block, absmax, codes } of cases) {
    // As in make_block_codes.py.
    const values = Float32Array.from({ length: 4500 }, (_, i) => {
      const value = ((((i * 7919) % 2003) - 1001) / 1001) * 10 ** -(Math.floor(i / 700) % 4);
      return book === 'signed' ? value : value * value;
    });
    const ours = await roundTrip(values, book === 'signed' ? signedBook : unsignedBook, block);
    t.deepEqual([...ours.absmax], absmax, `${book} ${block}`);
    // In units of the block's scale. On a processor the published one looks codes up in a coarse table, and at times takes the further
    // of two neighbours; ours is never the further one.
    const { values: numbers } = book === 'signed' ? signedBook : unsignedBook;
    const errorOf = (code: number, i: number) => Math.abs(numbers[code] - values[i] / absmax[Math.floor(i / block)]);
    const theirs = Buffer.from(codes, 'base64');
    const gains = Array.from(theirs, (code, i) => errorOf(code, i) - errorOf(Number(ours.codes.data[i]), i));
    t.true(Math.min(...gains) > -1e-7 && Math.max(...gains) < 3e-5, `${book} ${block}`);
  }
});

test('a whole block needs no filling up', async (t) => {
  await withSession(async (session) => {
    const fn = session.compile('fn', ({ x }: Record<string, Tensor>) => {
      const before = session.graph.operations.length;
      const blocks = toBlocks(x, 256);
      t.deepEqual(
        session.graph.operations
          .slice(before)
          .map(({ type }) => type)
          .filter((type) => type !== 'Const'),
        ['Reshape'],
      );
      return { sum: tf.sum(blocks, 1) };
    });
    t.deepEqual((await fn({ x: float32(new Float32Array(512).fill(1)) })).sum, float32([256, 256]));
  });
});
