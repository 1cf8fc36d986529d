import test from 'ava';
import { encodeBlocks, fromBlocks, toBlocks } from '../../src/engine/ops/block-codes.js';
import { type CodeBook, signedBook, unsignedBook } from '../../src/engine/ops/dynamic-tree-codes.js';
import type { Tensor } from '../../src/engine/tf.js';
import { float32, type HostTensor, sizeOf } from '../../src/host-tensor.js';
import { convertStates, encodeState } from '../../src/optim/convert-states.js';
import { plainBook, plainRoundTrip } from '../helpers/oracles/codes.js';
import { normals, normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const SHAPE = [30, 20];

/** Names and shapes of one weight's Adam states, in either form. */
const FORMS: Record<8 | 32, [string, number[]][]> = {
  32: [
    ['optimizer/mean/net/weight', SHAPE],
    ['optimizer/square/net/weight', SHAPE],
  ],
  8: ['mean', 'square'].flatMap((kind): [string, number[]][] => [
    [`optimizer/${kind}/codes/net/weight`, SHAPE],
    [`optimizer/${kind}/absmax/net/weight`, [3]],
  ]),
};

const wideStates = (): Record<string, HostTensor> => {
  const [mean, square] = [normalTensor(SHAPE, 'mean'), normalTensor(SHAPE, 'square', 0.1)];
  square.data = (square.data as Float32Array).map((value) => value * value);
  return {
    'optimizer/mean/net/weight': mean,
    'optimizer/square/net/weight': square,
    'net/weight': normalTensor(SHAPE, 'w'),
  };
};

const shapes = (bits: 8 | 32) => new Map([...FORMS[bits], ['net/weight', SHAPE] as const]);

test('from 32 to 8 bit and back: what remains is the nearest that eight bits hold', (t) => {
  const start = wideStates();
  const tensors = { ...start };
  t.deepEqual(convertStates(tensors, shapes(8)), { toEightBit: 2, toFloat: 0, toBlocks: 0 });
  t.deepEqual(
    Object.entries(tensors)
      .map(([name, { shape }]): [string, number[]] => [name, shape])
      .sort(),
    [...shapes(8)].sort(),
  );
  t.deepEqual(convertStates(tensors, shapes(32)), { toEightBit: 0, toFloat: 2, toBlocks: 0 });
  t.deepEqual(Object.keys(tensors).sort(), Object.keys(start).sort());
  for (const kind of ['mean', 'square']) {
    const name = `optimizer/${kind}/net/weight`;
    const expected = plainRoundTrip([...(start[name].data as Float32Array)], plainBook(kind === 'mean'));
    t.deepEqual(tensors[name], float32(expected, SHAPE));
  }
  t.is(tensors['net/weight'], start['net/weight']);
});

test('states in the form that is wanted, and those of another size, are left alone', (t) => {
  const wide = wideStates();
  t.deepEqual(convertStates({ ...wide }, shapes(32)), { toEightBit: 0, toFloat: 0, toBlocks: 0 });
  const other = new Map([...shapes(8)].map(([name]) => [name, [6, 7]]));
  const tensors = { ...wide };
  t.deepEqual(convertStates(tensors, other), { toEightBit: 0, toFloat: 0, toBlocks: 0 });
  t.deepEqual(tensors, wide);
  const cut = { ...wide };
  convertStates(cut, shapes(8));
  delete cut['optimizer/mean/absmax/net/weight'];
  const left = { ...cut };
  t.deepEqual(convertStates(cut, shapes(32)), { toEightBit: 0, toFloat: 1, toBlocks: 0 });
  t.is(cut['optimizer/mean/codes/net/weight'], left['optimizer/mean/codes/net/weight']);
});

test('blocks of another size: what the old ones hold is rounded again', (t) => {
  const [name, size] = ['optimizer/mean/net/weight', 3000];
  const [codes, absmax] = ['optimizer/mean/codes/net/weight', 'optimizer/mean/absmax/net/weight'];
  const start = normals(size, 'blocks').map((value, i) => value * 10 ** -Math.floor(i / 256));
  const wanted = (scales: number) =>
    new Map([
      [codes, [size]],
      [absmax, [scales]],
    ] as const);
  const tensors: Record<string, HostTensor> = { [name]: float32(start, [size]) };
  t.deepEqual(convertStates(tensors, wanted(12)), { toEightBit: 1, toFloat: 0, toBlocks: 0 });
  t.deepEqual(convertStates(tensors, wanted(2)), { toEightBit: 0, toFloat: 0, toBlocks: 1 });
  t.is(tensors[absmax].data.length, 2);
  convertStates(tensors, new Map([[name, [size]]]));
  const once = plainRoundTrip([...start], plainBook(true), 256).map(Math.fround);
  t.deepEqual(tensors[name].data, Float32Array.from(plainRoundTrip(once, plainBook(true), 2048)));
});

for (const [name, book] of Object.entries<CodeBook>({ signed: signedBook, unsigned: unsignedBook })) {
  test(`${name}: plain arrays are encoded as in the graph, bit for bit`, async (t) => {
    const values = normals(5000, name).map(
      (value, i) => (book.signed ? value : Math.abs(value)) * (i < 256 ? 0 : 1e-3),
    );
    await withSession(async (session) => {
      const encode = session.compile('encode', ({ x }: Record<string, Tensor>) => {
        const { codes, absmax } = encodeBlocks(toBlocks(x, 256), book);
        return { codes: fromBlocks(codes, sizeOf([values.length])), absmax };
      });
      const { codes, absmax } = await encode({ x: float32(values) });
      t.deepEqual(encodeState(values, book, 256), {
        codes: codes.data as Uint8Array,
        absmax: absmax.data as Float32Array,
      });
    });
  });
}
