import { statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { openModelExtractor } from '../../src/embed/extract.js';
import { readModel, writeModel } from '../../src/embed/model-file.js';
import type { Bits, QuantizeMethod } from '../../src/embed/quantize/codebook.js';
import { packBits, unpackBits } from '../../src/embed/quantize/pack-bits.js';
import { packTensor, unpackTensor } from '../../src/embed/quantize/packed-tensor.js';
import { UserError } from '../../src/errors.js';
import { float32, sizeOf } from '../../src/host-tensor.js';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.js';
import { countingScope } from '../../src/nn/counting-scope.js';
import { quantizeModel } from '../../src/tools/quantize-model.js';
import { close } from '../helpers/close.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { plain } from '../helpers/training/open-loss.js';
import { smallFeatures, smallTdnn } from '../helpers/training/small-training.js';

test('packed codes come out as they went in, and take so many bits', (t) => {
  fc.assert(
    fc.property(fc.constantFrom(8, 4, 2, 1), fc.array(fc.nat(255), { maxLength: 40 }), (bits, numbers) => {
      const codes = Uint8Array.from(numbers, (number) => number % 2 ** bits);
      const packed = packBits(codes, bits);
      t.is(packed.length, Math.ceil((codes.length * bits) / 8));
      t.deepEqual(unpackBits(packed, bits, codes.length), codes);
    }),
    { numRuns: 100 },
  );
  // The first code lies in the lowest bits.
  t.deepEqual([...packBits(Uint8Array.of(1, 2, 3, 0, 2), 2)], [0b00111001, 0b10]);
});

const [INPUTS, OUTPUTS] = [40, 3];
const weight = normalTensor([INPUTS, OUTPUTS], 'weight', 0.2);
const columns = Array.from({ length: OUTPUTS }, (_, channel) =>
  Array.from({ length: INPUTS }, (_, i) => plain(weight)[i * OUTPUTS + channel]),
);
const meanSize = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + Math.abs(x), 0) / numbers.length;
const nearestOf = (values: readonly number[], x: number) =>
  values.reduce((best, value) => (Math.abs(value - x) < Math.abs(best - x) ? value : best));

/** The values that a column becomes, from each method's definition. */
const ROUNDED: [method: QuantizeMethod, bits: Bits, round: (column: readonly number[]) => number[]][] = [
  [
    'linear',
    4,
    (column) => {
      const step = Math.max(...column.map(Math.abs)) / 7;
      return column.map((x) => step * Math.round(x / step));
    },
  ],
  [
    'linear',
    8,
    (column) => {
      const step = Math.max(...column.map(Math.abs)) / 127;
      return column.map((x) => step * Math.round(x / step));
    },
  ],
  [
    'power-of-two',
    4,
    (column) => {
      const most = Math.max(...column.map(Math.abs));
      const sizes = [0, 1, 2, 3, 4, 5, 6].map((k) => most / 2 ** k);
      return column.map((x) => nearestOf([0, ...sizes, ...sizes.map((size) => -size)], x));
    },
  ],
  [
    'ternary',
    2,
    (column) => {
      const kept = column.filter((x) => Math.abs(x) > 0.7 * meanSize(column));
      return column.map((x) => (Math.abs(x) > 0.7 * meanSize(column) ? Math.sign(x) * meanSize(kept) : 0));
    },
  ],
  ['binary', 1, (column) => column.map((x) => Math.sign(x) * meanSize(column))],
];

for (const [method, bits, round] of ROUNDED)
  test(`${method} at ${bits} bits: every channel becomes what the method says`, (t) => {
    const values = plain(unpackTensor(packTensor(weight, { method, bits, scales: 'channel' })));
    for (const [channel, column] of columns.entries())
      close(
        t,
        column.map((_, i) => values[i * OUTPUTS + channel]),
        round(column),
        1e-6,
        `channel ${channel}`,
      );
    const layer = plain(unpackTensor(packTensor(weight, { method, bits, scales: 'layer' })));
    close(t, layer, round([...plain(weight)]), 1e-6, 'one scale for the layer');
  });

test('k-means: every weight takes the nearest of its values, which lie where the weights are', (t) => {
  const errorOf = (method: QuantizeMethod, bits: Bits) => {
    const { data } = unpackTensor(packTensor(weight, { method, bits, scales: 'layer' }));
    return plain(weight).reduce((sum, x, i) => sum + (x - Number(data[i])) ** 2, 0);
  };
  for (const bits of [4, 2] as const) {
    const packed = packTensor(weight, { method: 'k-means', bits, scales: 'layer' });
    const values = [...packed.values].map((value) => value * packed.scales[0]);
    t.is(values.length, 2 ** bits);
    close(
      t,
      plain(unpackTensor(packed)),
      [...plain(weight)].map((x) => nearestOf(values, x)),
      1e-6,
      'nearest',
    );
    // A mean of the weights that take it.
    for (const value of values) {
      const own = [...plain(weight)].filter((x) => nearestOf(values, x) === value);
      close(t, [value], [own.reduce((sum, x) => sum + x, 0) / own.length], 1e-5, 'mean');
    }
    t.true(errorOf('k-means', bits) < errorOf('linear', bits));
  }
});

test('a channel of zeros stays one', (t) => {
  const zeros = float32(new Float32Array(12), [4, 3]);
  for (const [method, bits] of [
    ['linear', 4],
    ['k-means', 2],
    ['ternary', 2],
    ['binary', 1],
  ] as const)
    t.true(
      plain(unpackTensor(packTensor(zeros, { method, bits, scales: 'channel' }))).every((x) => x === 0),
      method,
    );
});

test('a quantized model is read as any other, with the same bits every time, and embeds much as before', async (t) => {
  const dir = temporaryFolder(t);
  const at = (name: string) => join(dir, name);
  await writeTinyModel(at('model'));
  const summary = await quantizeModel(at('model'), at('small'), { bits: 8 });
  t.like(summary, { method: 'linear', bits: 8, packed: 5, kept: [] });
  t.is(summary.bytes, statSync(join(at('small'), 'model.safetensors')).size);
  const [before, after] = [readModel(at('model')), readModel(at('small'))];
  t.deepEqual(after.info.quantized, { method: 'linear', bits: 8, scales: 'channel', kept: [] });
  t.deepEqual(Object.keys(after.weights).sort(), Object.keys(before.weights).sort());
  for (const [name, tensor] of Object.entries(before.weights)) {
    const packing = { method: 'linear', bits: 8, scales: 'channel' } as const;
    const expected = tensor.shape.length > 1 ? unpackTensor(packTensor(tensor, packing)) : tensor;
    t.deepEqual(after.weights[name], expected, name);
  }
  const build = await smallTdnn();
  const vectors = await Promise.all(
    [before, after].map((model) =>
      withSession(async (session) => {
        const { size, run } = await openModelExtractor(session, model, build);
        const pcm = Int16Array.from({ length: 8000 }, (_, i) => 3000 * Math.sin(i * i * 1e-4));
        const batch = { indices: [0], rows: 1, samples: 8000, lengths: [8000], pcm };
        return (await run(batch as unknown as Parameters<typeof run>[0])).subarray(0, size);
      }),
    ),
  );
  const length = Math.hypot(...vectors[0]);
  t.true(Math.hypot(...vectors[0].map((x, i) => x - vectors[1][i])) < 0.05 * length);
});

test('the ends are left on request; a model is never overwritten; what makes nothing smaller is refused', async (t) => {
  const dir = temporaryFolder(t);
  const at = (name: string) => join(dir, name);
  await writeTinyModel(at('model'));
  const { kept, packed } = await quantizeModel(at('model'), at('ends'), { bits: 4, keepEnds: true });
  t.deepEqual([kept, packed], [['layer1/conv/weight', 'embedding/weight'], 3]);
  const refused = (out: string, options: Parameters<typeof quantizeModel>[2], message: RegExp) =>
    t.throwsAsync(quantizeModel(at('model'), at(out), options), { instanceOf: UserError, message });
  await refused('model', { bits: 4 }, /holds a model already/);
  await refused('new', { bits: 3 }, /--bits 3: codes of 3 bits do not fill bytes\. Choose 8, 4, 2, 1/);
  await refused('new', { bits: 4, method: 'binary' }, /--method binary: it has no codes of 4 bits\. Give --bits 1/);
  await refused(
    'new',
    { bits: 8, method: 'k-means', keepEnds: true },
    /would not get smaller: but for its first and last layer, .* codebook of 256 values/,
  );
});

test('a packed file with a part missing or cut is refused', async (t) => {
  const dir = temporaryFolder(t);
  const at = (name: string) => join(dir, name);
  await writeTinyModel(at('model'));
  await quantizeModel(at('model'), at('small'), { bits: 4, method: 'k-means', scales: 'layer' });
  const { tensors, metadata } = readSafetensors(join(at('small'), 'model.safetensors'));
  const name = 'packed/layer2/conv/weight';
  const { [`${name}/values`]: _, ...missing } = tensors;
  const codes = tensors[`${name}/codes`];
  const cut = { ...tensors, [`${name}/codes`]: { ...codes, shape: [10], data: codes.data.slice(0, 10) } };
  for (const [i, broken] of [missing, cut].entries()) {
    writeSafetensors(join(at(`broken${i}`), 'model.safetensors'), broken, metadata);
    const message = /the packed weight 'layer2\/conv\/weight' is incomplete/;
    t.throws(() => readModel(at(`broken${i}`)), { instanceOf: UserError, message });
  }
});

test('ResNet34 has the published sizes at 4, 2 and 1 bits', async (t) => {
  const dir = temporaryFolder(t);
  const backbone = { name: 'resnet34', options: { embeddingSize: 256 } };
  const counting = countingScope();
  (await backboneOf('resnet34', backbone.options))(counting.scope);
  const values = Float32Array.from({ length: 1 << 20 }, (_, i) => Math.sin(i));
  const weights = Object.fromEntries(
    [...counting.shapes()].map(([name, shape]) => {
      const data = new Float32Array(sizeOf(shape));
      for (let at = 0; at < data.length; at += values.length) data.set(values.subarray(0, data.length - at), at);
      return [name, float32(data, [...shape])];
    }),
  );
  const features = { ...smallFeatures, bins: 80 };
  writeModel(join(dir, 'model'), { origin: 'test', backbone, features, embeddingSize: 256 }, weights);
  // KMQAT and power of two, ternary weight networks, adaptive binary: MB of files.
  for (const [bits, published] of [
    [4, 3.45],
    [2, 1.8],
    [1, 0.97],
  ]) {
    const { bytes } = await quantizeModel(join(dir, 'model'), join(dir, String(bits)), { bits });
    t.true(Math.abs(bytes / 1e6 / published - 1) < 0.1, `${bits} bits: ${bytes}`);
  }
});
