import test from 'ava';
import { clusterSpeakers } from '../../src/diarize/cluster-speakers.js';
import { likeliestChange } from '../../src/diarize/gaussian-change.js';
import { bestPath } from '../../src/diarize/resegment.js';
import { countsByGap } from '../../src/diarize/spectral.js';
import { windowsOf } from '../../src/diarize/speech-windows.js';
import { nmi } from '../../src/eval/clustering-metrics.js';
import { createRng } from '../../src/random.js';
import { norm, unitRows } from '../../src/rows.js';

const SIZE = 8;
const OPTIONS = { neighbours: 0.15, threshold: 0.9, sameSpeaker: 0.63, seed: 1 };

/** Unit rows around one direction for each speaker, and who they are. */
function voices(items: number, speakers: number, spread: number) {
  const rng = createRng(items);
  const means = Array.from({ length: speakers * SIZE }, () => rng.normal());
  const truth = Int32Array.from({ length: items }, (_, i) => Math.floor((i * speakers) / items));
  const rows = Float32Array.from({ length: items * SIZE }, (_, i) => {
    return means[truth[Math.floor(i / SIZE)] * SIZE + (i % SIZE)] + spread * rng.normal();
  });
  return { vectors: unitRows(rows, SIZE, norm), truth };
}

for (const algorithm of ['spectral', 'agglomerative'] as const) {
  test(`${algorithm}: clear groups, few windows and many`, (t) => {
    for (const items of [40, 700]) {
      const { vectors, truth } = voices(items, 4, 0.25);
      const labels = clusterSpeakers(vectors, SIZE, { ...OPTIONS, algorithm, bounds: { least: 4, most: 4 } });
      t.true(nmi(labels, truth) > 0.99, `${items}: ${nmi(labels, truth)}`);
      t.is(labels[0], 0);
    }
  });
}

test('the eigengap finds the number of groups', (t) => {
  for (const speakers of [2, 3, 5]) {
    const { vectors } = voices(60, speakers, 0.2);
    const labels = clusterSpeakers(vectors, SIZE, {
      ...OPTIONS,
      // Of five random directions of eight numbers two may be alike.
      sameSpeaker: 0.95,
      algorithm: 'spectral',
      bounds: { least: 1, most: 10 },
    });
    t.is(new Set(labels).size, speakers);
  }
});

test('numbers of groups by the gap behind them, within the bounds', (t) => {
  const values = [0, 0.1, 0.2, 0.9, 1.05];
  t.deepEqual(countsByGap(values, 1, 4), [3, 4, 1, 2]);
  t.deepEqual(countsByGap(values, 1, 2), [1, 2]);
  t.deepEqual(countsByGap(values, 4, 5), [4, 5]);
});

test('groups that are too much alike are not told apart, unless so many are asked for', (t) => {
  const rng = createRng('alike');
  // Two groups whose mean directions have a cosine of 0.8, and a spread that leaves a large eigengap behind two.
  const rows = Float32Array.from({ length: 60 * SIZE }, (_, i) => {
    const mean = i % SIZE === 0 ? 3 : i % SIZE === 1 ? (i < 30 * SIZE ? 1 : -1) : 0;
    return mean + 0.1 * rng.normal();
  });
  const vectors = unitRows(rows, SIZE, norm);
  const count = (sameSpeaker: number, least: number) => {
    const options = { ...OPTIONS, sameSpeaker, algorithm: 'spectral' as const, bounds: { least, most: 5 } };
    return new Set(clusterSpeakers(vectors, SIZE, options)).size;
  };
  t.is(count(0.85, 1), 2);
  t.is(count(0.63, 1), 1);
  t.is(count(0.63, 2), 2);
});

test('nobody, one window, equal windows', (t) => {
  const options = { ...OPTIONS, algorithm: 'spectral' as const, bounds: { least: 2, most: 2 } };
  t.is(clusterSpeakers(new Float32Array(0), SIZE, options).length, 0);
  t.deepEqual([...clusterSpeakers(voices(1, 1, 0).vectors, SIZE, options)], [0]);
  t.is(clusterSpeakers(new Float32Array(5 * SIZE).fill(SIZE ** -0.5), SIZE, options).length, 5);
});

test('the best path is that of trying all', (t) => {
  const rng = createRng('paths');
  for (let trial = 0; trial < 20; trial++) {
    const scores = Float32Array.from({ length: 6 * 3 }, () => rng.normal());
    const value = (path: ArrayLike<number>) =>
      Array.from(path).reduce(
        (sum, state, i) => sum + scores[i * 3 + state] - (i > 0 && state !== path[i - 1] ? 0.7 : 0),
        0,
      );
    const all = Array.from({ length: 3 ** 6 }, (_, n) =>
      Array.from({ length: 6 }, (_, i) => Math.floor(n / 3 ** i) % 3),
    );
    const best = Math.max(...all.map(value));
    t.true(Math.abs(value(bestPath(scores, 3, 0.7)) - best) < 1e-6);
  }
});

test('windows reach from the first to the last instant, at most a hop apart', (t) => {
  const windows = windowsOf(
    [
      { startSeconds: 1, endSeconds: 5 },
      { startSeconds: 7, endSeconds: 8 },
    ],
    1.5,
    0.75,
  );
  t.deepEqual(
    windows.map(({ startSeconds }) => startSeconds),
    [1, 1.625, 2.25, 2.875, 3.5, 7],
  );
  t.is(windows[4].endSeconds, 5);
  t.is(windows[5].endSeconds, 8);
  // 2.2 - 0.7 is a rounding error more than 1.5.
  const whole = { startSeconds: 0.7, endSeconds: 2.2 };
  t.true(whole.endSeconds - whole.startSeconds > 1.5);
  t.deepEqual(windowsOf([whole], 1.5, 0.25), [whole]);
});

test('a change of mean is found where it is, with the gain of the plain formula', (t) => {
  const rng = createRng('change');
  const rows = Float32Array.from({ length: 300 * 2 }, (_, i) => rng.normal() + (i >= 2 * 120 ? 2 : 0));
  const change = likeliestChange(rows, 2, 50)!;
  t.is(change.at, 120);
  const covariance = (parts: [number, number][]) => {
    const [c, ridge] = [[0, 0, 0], 1e-2];
    for (const [from, to] of parts) {
      const part = Array.from({ length: to - from }, (_, i) => [rows[2 * (from + i)], rows[2 * (from + i) + 1]]);
      const [a, b] = [0, 1].map((j) => part.reduce((sum, row) => sum + row[j], 0) / part.length);
      for (const [x, y] of part) {
        c[0] += (x - a) ** 2 / 300;
        c[1] += ((x - a) * (y - b)) / 300;
        c[2] += (y - b) ** 2 / 300;
      }
    }
    return (c[0] + ridge) * (c[2] + ridge) - c[1] ** 2;
  };
  const gain =
    Math.log(
      covariance([[0, 300]]) /
        covariance([
          [0, 120],
          [120, 300],
        ]),
    ) / 2;
  t.true(Math.abs(change.gain - gain) < 1e-6, `${change.gain} ${gain}`);
  t.is(likeliestChange(rows.subarray(0, 198), 2, 50), null);
  t.true(Number.isFinite(likeliestChange(new Float32Array(400), 2, 50)!.gain));
});
