import test from 'ava';
import { UserError } from '../../src/errors.js';
import { fitBackend } from '../../src/eval/backend/fit-backend.js';
import { alignWithDomain } from '../../src/eval/coral.js';
import { close } from '../helpers/close.js';
import { normals } from '../helpers/random-values.js';

const SIZE = 3;

/** Vectors that vary as the rows of `mix` say, about `centre`. */
function domain(rows: number, seed: string, mix: readonly number[][], centre: readonly number[]): Float32Array {
  const draws = normals(rows * SIZE, seed);
  return Float32Array.from({ length: rows * SIZE }, (_, k) => {
    const [row, i] = [Math.floor(k / SIZE), k % SIZE];
    return mix.reduce((sum, part, j) => sum + draws[row * SIZE + j] * part[i], centre[i]);
  });
}

/** Mean, then covariance, as sums over plain arrays. */
function momentsOf(vectors: Float32Array): number[] {
  const rows = vectors.length / SIZE;
  const mean = [0, 1, 2].map((i) => vectors.reduce((sum, value, k) => (k % SIZE === i ? sum + value / rows : sum), 0));
  const entry = (i: number, j: number) =>
    Array.from(
      { length: rows },
      (_, row) => (vectors[row * SIZE + i] - mean[i]) * (vectors[row * SIZE + j] - mean[j]),
    ).reduce((a, b) => a + b / (rows - 1), 0);
  return mean.concat([0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => entry(i, j))));
}

const source = domain(
  400,
  'source',
  [
    [2, 0.5, 0],
    [0, 1, 0.2],
    [0.3, 0, 0.7],
  ],
  [1, 2, 3],
);
const target = domain(
  300,
  'target',
  [
    [0.5, 0, 0.4],
    [0, 3, 1],
    [1, 0, 0.9],
  ],
  [-4, 0, 1],
);

test('vectors get mean and covariance of the other domain, and those of their own domain stay as they are', (t) => {
  close(t, momentsOf(alignWithDomain(source, target, SIZE)), momentsOf(target), 5e-3, 'moments');
  close(t, alignWithDomain(source, source, SIZE), source, 1e-4, 'the same domain');
});

test('a back-end learns from the training embeddings as the target domain would have them', (t) => {
  const labels = Int32Array.from({ length: source.length / SIZE }, (_, row) => row % 2);
  const data = { vectors: source, size: SIZE, labels, seed: 1 };
  const recipe = { subtractMean: true, whiten: false, adapt: { vectors: target, method: 'coral' as const } };
  const { cohort } = fitBackend(data, recipe).backend;
  const aligned = alignWithDomain(source, target, SIZE);
  // The mean embeddings of both speakers.
  const expected = [0, 1].flatMap((speaker) =>
    [0, 1, 2].map((i) => {
      const values = aligned.filter((_, k) => k % SIZE === i && Math.floor(k / SIZE) % 2 === speaker);
      return values.reduce((sum, value) => sum + value / values.length, 0);
    }),
  );
  close(t, cohort!, expected, 1e-4, 'cohort');
});

test('directions without variance stay finite, and a domain of one vector is refused', (t) => {
  const flat = Float32Array.from(source, (value, k) => (k % SIZE === 2 ? 5 : value));
  t.true(
    alignWithDomain(
      flat,
      flat.map((value) => 2 * value),
      SIZE,
    ).every(Number.isFinite),
  );
  t.throws(() => alignWithDomain(source, target.slice(0, SIZE), SIZE), {
    instanceOf: UserError,
    message: /target domain has 1 embedding, and a covariance is that of two or more/,
  });
  const broken = target.slice().fill(Number.NaN, 4, 5);
  t.throws(() => alignWithDomain(source, broken, SIZE), { message: /Vector 1 of the target domain .* not finite/ });
});
