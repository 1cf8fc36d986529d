import test from 'ava';
import { decode, encode } from '../../../src/engine/ops/dynamic-tree.js';
import { type CodeBook, nearestCodes, signedBook, unsignedBook } from '../../../src/engine/ops/dynamic-tree-codes.js';
import type { Session } from '../../../src/engine/session/session.js';
import type { Tensor } from '../../../src/engine/tf.js';
import { float32, type HostTensor } from '../../../src/host-tensor.js';
import { createRng } from '../../../src/random.js';
import { plainBook, smallestDistance } from '../../helpers/oracles/codes.js';
import { withSession } from '../../helpers/session.js';

const inDecades = ({ values }: CodeBook) =>
  [1, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6].map((top) => values.filter((x) => x < top && x > top / 10).length);

test('the signed book: 256 rising values with the published figures', (t) => {
  const { values } = signedBook;
  t.is(values.length, 256);
  t.deepEqual(
    [...values],
    [...new Set(values)].sort((a, b) => a - b),
  );
  t.deepEqual([values[0], values[127], values[254], values[255]], [-0.99296875, 0, 0.99296875, 1].map(Math.fround));
  t.deepEqual([values[126], values[128]], [-5.5e-7, 5.5e-7].map(Math.fround));
  t.deepEqual(inDecades(signedBook), [64, 32, 16, 8, 4, 2, 1]);
  t.deepEqual([...values], plainBook(true));
});

test('the unsigned book: 256 rising values with the published figures', (t) => {
  const { values } = unsignedBook;
  t.is(values.length, 256);
  t.deepEqual(
    [...values],
    [...new Set(values)].sort((a, b) => a - b),
  );
  t.deepEqual([values[0], values[1], values[254], values[255]], [0, 3.25e-7, 0.996484375, 1].map(Math.fround));
  t.deepEqual(inDecades(unsignedBook), [128, 64, 32, 16, 8, 4, 2]);
  t.deepEqual([...values], plainBook(false));
});

/** The float32 numbers next to `x`, itself included. */
function around(x: number): number[] {
  const bits = new Int32Array(Float32Array.of(x).buffer)[0];
  return [...new Float32Array(Int32Array.of(bits - 1, bits, bits + 1).buffer)];
}

/** Codes themselves, midpoints between neighbours with the floats beside them, edges of buckets, and random numbers of all sizes. */
function probes({ values, signed, shift }: CodeBook): Float32Array {
  const rng = createRng(`probes ${signed}`);
  const middles = Array.from(values.subarray(1), (value, i) => (value + values[i]) / 2);
  const edges = [0.3, 0.01, 4e-5, 2e-7].map((x) => {
    const bits = new Int32Array(Float32Array.of(x).buffer)[0];
    return new Float32Array(Int32Array.of((bits >>> shift) << shift).buffer)[0];
  });
  const random = Array.from({ length: 40_000 }, () => rng.next() * 10 ** (-9 * rng.next() ** 2));
  const magnitudes = [...[...middles, ...edges].flatMap(around), ...random, 1, 0, -0, 1e-30, 1e-40, 1.4e-45];
  const both = [...magnitudes, ...magnitudes.map((x) => -x), ...values];
  return Float32Array.from(both.filter((x) => (signed ? Math.abs(x) <= 1 : x >= 0 && x <= 1)));
}

async function coded(session: Session, name: string, x: HostTensor, book: CodeBook) {
  const both = session.compile(name, ({ x }: Record<string, Tensor>) => {
    const codes = encode(x, book);
    return { codes, values: decode(codes, book) };
  });
  const { codes, values } = await both({ x });
  return { codes, values: values.data as Float32Array };
}

for (const [name, book] of Object.entries({ signed: signedBook, unsigned: unsignedBook })) {
  test(`${name}: the code is the nearest one, in the graph as in plain arrays`, async (t) => {
    const plain = plainBook(book.signed);
    const x = probes(book);
    await withSession(async (session) => {
      const { codes, values } = await coded(session, 'code', float32(x), book);
      t.is(codes.dtype, 'uint8');
      t.deepEqual(codes.data, nearestCodes(x, book));
      t.deepEqual(
        values,
        Float32Array.from(codes.data as Uint8Array, (code) => book.values[code]),
      );
      const wrong = x.findIndex((value, i) => Math.abs(values[i] - value) !== smallestDistance(value, plain));
      t.is(wrong, -1, `${x[wrong]} became ${values[wrong]}`);
    });
  });

  test(`${name}: every value keeps its code`, async (t) => {
    await withSession(async (session) => {
      const { codes } = await coded(session, 'code', float32(book.values), book);
      t.deepEqual([...(codes.data as Uint8Array)], [...Array(256).keys()]);
    });
  });

  test(`${name}: what is no number, or too large for the book, does no harm`, async (t) => {
    const strange = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 7, -7, 3e38, -3e38];
    const negative = new Float32Array(Int32Array.of(-1, 0x7f800001 | 0).buffer);
    await withSession(async (session) => {
      const x = float32([...strange, ...negative]);
      const { codes, values } = await coded(session, 'code', x, book);
      t.deepEqual(codes.data, nearestCodes(x.data as Float32Array, book));
      t.true(values.every((value) => Math.abs(value) <= 1));
      t.deepEqual([values[3], values[4]], [1, book.signed ? book.values[0] : 0]);
    });
  });
}
