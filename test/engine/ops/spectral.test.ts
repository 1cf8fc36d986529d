import test from 'ava';
import { fastFftLength, irfft, rfft } from '../../../src/engine/ops/spectral.js';
import { close } from '../../helpers/close.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

/** The transform by its definition, real and imaginary parts interleaved. */
function naive(row: ArrayLike<number>, size: number): number[] {
  return Array.from({ length: size / 2 + 1 }, (_, bin) => {
    let [re, im] = [0, 0];
    for (let i = 0; i < row.length; i++) {
      re += row[i] * Math.cos((2 * Math.PI * bin * i) / size);
      im -= row[i] * Math.sin((2 * Math.PI * bin * i) / size);
    }
    return [re, im];
  }).flat();
}

for (const [samples, size] of [
  [16, 16],
  [21, 30],
  [64, 64],
  [100, 126],
]) {
  test(`${samples} samples in a transform of ${size}, there and back`, async (t) => {
    const x = normalTensor([2, 3, samples], `spectral ${samples}`);
    const { spectrum, back } = await withSession((session) =>
      session.compile('transform', (inputs) => {
        const transformed = rfft(inputs.x, size);
        return { spectrum: transformed, back: irfft(transformed, size) };
      })({ x }),
    );
    t.deepEqual(
      [spectrum.shape, back.shape],
      [
        [2, 3, size / 2 + 1, 2],
        [2, 3, size],
      ],
    );
    const rows = Array.from({ length: 6 }, (_, row) =>
      (x.data as Float32Array).subarray(row * samples, (row + 1) * samples),
    );
    close(
      t,
      spectrum.data as Float32Array,
      rows.flatMap((row) => naive(row, size)),
      1e-5,
      'spectrum',
    );
    const padded = rows.flatMap((row) => [...row, ...new Array(size - samples).fill(0)]);
    close(t, back.data as Float32Array, padded, 1e-5, 'signal');
  });
}

test('bins that are left out count as zeros', async (t) => {
  const spectrum = normalTensor([1, 3, 2], 'bins');
  const { short, whole } = await withSession((session) =>
    session.compile('inverse', (inputs) => ({ short: irfft(inputs.spectrum, 8), whole: irfft(inputs.all, 8) }))({
      spectrum,
      all: { ...spectrum, shape: [1, 5, 2], data: Float32Array.from([...(spectrum.data as Float32Array), 0, 0, 0, 0]) },
    }),
  );
  t.deepEqual(short.data, whole.data);
});

test('rows that do not fit are refused', async (t) => {
  const run = withSession((session) =>
    session.compile('fit', ({ x }) => ({ y: rfft(x, 8) }))({ x: normalTensor([1, 9], 0) }),
  );
  await t.throwsAsync(run, { message: /does not fit the transform/ });
});

test('fast lengths have small factors', (t) => {
  t.deepEqual(
    [1, 11, 97, 400].map((samples) => fastFftLength(samples)),
    [2, 12, 98, 400],
  );
  t.deepEqual(
    [16240, 24240, 16384].map((samples) => fastFftLength(samples, 16)),
    [16384, 24576, 16384],
  );
});
