import test from 'ava';
import { trainProbes } from '../../../src/inspect/probing/train-probes.js';
import { createRng } from '../../../src/random.js';
import { normals } from '../../helpers/random-values.js';

const CPU = { device: 'cpu', threads: 0, seed: 1 } as const;

/** Softmax regression with decayed weights, to its optimum by plain gradient descent; the class of every row. */
function regression(x: number[][], labels: number[], train: number, classes: number, decay: number): number[] {
  const size = x[0].length;
  const w = Array.from({ length: size + 1 }, () => Array<number>(classes).fill(0));
  const scores = (row: number[]) =>
    Array.from({ length: classes }, (_, c) => row.reduce((s, v, k) => s + v * w[k][c], w[size][c]));
  for (let step = 0; step < 1500; step++) {
    const gradient = w.map((row, k) => row.map((value) => (k < size ? 2 * decay * value : 0)));
    for (let i = 0; i < train; i++) {
      const exps = scores(x[i]).map(Math.exp);
      const total = exps.reduce((a, b) => a + b);
      for (let c = 0; c < classes; c++) {
        const error = (exps[c] / total - (labels[i] === c ? 1 : 0)) / train;
        for (let k = 0; k <= size; k++) gradient[k][c] += error * (k < size ? x[i][k] : 1);
      }
    }
    for (const [k, row] of w.entries()) for (let c = 0; c < classes; c++) row[c] -= 0.5 * gradient[k][c];
  }
  return x.map((row) => {
    const all = scores(row);
    return all.indexOf(Math.max(...all));
  });
}

test('a linear probe is the softmax regression of the standardised rows that it learns from', async (t) => {
  const [rows, size, train, classes, decay] = [260, 3, 40, 3, 0.01];
  const vectors = normals(rows * size, 'rows').map((value, i) => value * [1, 5, 0.1][i % size] + [0, 3, -1][i % size]);
  const drawn = normals(rows * classes, 'labels');
  // Labels that the rows tell in part.
  const labels = Array.from({ length: rows }, (_, i) => {
    const score = [vectors[i * size], (vectors[i * size + 1] - 3) / 5, 10 * (vectors[i * size + 2] + 1)];
    const noisy = score.map((value, c) => value + 0.7 * drawn[i * classes + c]);
    return noisy.indexOf(Math.max(...noisy));
  });
  const learned = Int32Array.from({ length: train }, (_, i) => i);
  const task = { name: 'task', classes, labels: Int32Array.from(labels), train: learned };
  const answers = await trainProbes(CPU, new Map([['x', { vectors, rows, size }]]), [task], {
    hidden: 0,
    steps: 300,
    decay,
  });
  const said = answers.get('x')!;
  const column = (k: number) => Array.from(learned, (i) => vectors[i * size + k]);
  const means = [0, 1, 2].map((k) => column(k).reduce((a, b) => a + b) / train);
  const deviations = [0, 1, 2].map((k) => Math.sqrt(column(k).reduce((s, v) => s + (v - means[k]) ** 2, 0) / train));
  const x = Array.from({ length: rows }, (_, i) =>
    [0, 1, 2].map((k) => (vectors[i * size + k] - means[k]) / deviations[k]),
  );
  const expected = regression(x, labels, train, classes, decay);
  const same = expected.filter((label, i) => said.get('task')![i] === label).length;
  t.true(same >= rows - 2, `${same} of ${rows} rows have the class of the optimum`);
  t.true(new Set(expected).size === 3);
});

test('what is no linear function of a layer takes a hidden layer, and probes on one input do not touch each other', async (t) => {
  const rows = 120;
  const rng = createRng('corners');
  const bits = Array.from({ length: rows }, () => [rng.int(2), rng.int(2)]);
  const vectors = Float32Array.from(bits.flat(), (bit) => bit + 0.05 * rng.normal());
  const all = Int32Array.from({ length: rows }, (_, i) => i);
  const parity = { name: 'parity', classes: 2, labels: Int32Array.from(bits, ([a, b]) => a ^ b), train: all };
  const first = { name: 'first', classes: 2, labels: Int32Array.from(bits, ([a]) => a), train: all.subarray(0, 60) };
  const right = (said: Map<string, Int32Array>, { name, labels }: typeof first) =>
    said.get(name)!.filter((label, i) => label === labels[i]).length / rows;
  const settings = { hidden: 0, steps: 150, decay: 1e-4 };
  const flipped = vectors.map((_, i) => vectors[vectors.length - 1 - i]);
  const input = new Map([['x', { vectors, rows, size: 2 }]]);
  const both = new Map([
    ['y', { vectors: flipped, rows, size: 2 }],
    ['x', { vectors, rows, size: 2 }],
  ]);
  const linear = (await trainProbes(CPU, both, [parity, first], settings)).get('x')!;
  t.true(right(linear, parity) < 0.8);
  t.is(right(linear, first), 1);
  const deep = (await trainProbes(CPU, input, [parity, first], { ...settings, hidden: 16 })).get('x')!;
  t.is(right(deep, parity), 1);
  const alone = (await trainProbes(CPU, input, [first], settings)).get('x')!;
  t.deepEqual(alone.get('first'), linear.get('first'));
});
