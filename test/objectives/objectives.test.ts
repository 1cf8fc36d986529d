import test from 'ava';
import { differentiate } from '../../src/engine/autodiff.js';
import type { Session } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { gradientReversal } from '../../src/nn/domains/gradient-reversal.js';
import { createScope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import type { Rows } from '../helpers/oracles/losses.js';
import { normalTensor } from '../helpers/random-values.js';
import { newRegistry } from '../helpers/recipes/run-stage.js';
import { withSession } from '../helpers/session.js';
import { plain, rows } from '../helpers/training/open-loss.js';

const [ROWS, SOURCES, SIZE, CLASSES] = [7, 4, 3, 4];
const registry = newRegistry();

/** An objective at a layer of SIZE channels, on the variable `x`. */
async function open(session: Session, name: string, options: Record<string, unknown>, shape = [ROWS, SIZE]) {
  const plugin = await registry.load('objective', name);
  const scope = createScope(session, 'objective', 1);
  const of = shape.length === 3 ? ('frames' as const) : ('utterance' as const);
  const parsed = plugin.options.parse(name === 'phones' ? { labels: 'labels', ...options } : options);
  const act = plugin.build({ scope, layer: { size: SIZE, of }, classes: CLASSES, options: parsed });
  const x = session.variable('x', shape, normalTensor(shape, 'x'));
  const seen = ({ labels, progress = tf.scalar(1) }: Record<string, Tensor>) =>
    act({ output: x.read(), sources: SOURCES, labels, progress });
  return { x, scope, seen };
}

const squared = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The maximum mean discrepancy as Gretton et al. write it: means of k over the pairs of each kind. */
function discrepancy(all: Rows, scales: readonly number[], bandwidth?: number): number {
  const pairs = all.flatMap((a, i) => all.filter((_, j) => j !== i).map((b) => squared([...a], [...b])));
  const middle = bandwidth ?? mean(pairs);
  const kernel = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    mean(scales.map((scale) => Math.exp(-squared(Array.from(a), Array.from(b)) / (middle * scale))));
  const between = (one: Rows, other: Rows) => mean(one.flatMap((a) => other.map((b) => kernel(a, b))));
  const [s, t] = [all.slice(0, SOURCES), all.slice(SOURCES)];
  return between(s, s) + between(t, t) - 2 * between(s, t);
}

/** Entries of the covariance by the formula of Sun and Saenko: (D'D - (1'D)'(1'D) / n) / (n - 1). */
function covariance(part: Rows): number[] {
  const n = part.length;
  const at = (i: number, j: number) => part.reduce((sum, row) => sum + row[i] * row[j], 0);
  const total = (i: number) => part.reduce((sum, row) => sum + row[i], 0);
  return Array.from({ length: SIZE ** 2 }, (_, k) => {
    const [i, j] = [Math.floor(k / SIZE), k % SIZE];
    return (at(i, j) - (total(i) * total(j)) / n) / (n - 1);
  });
}

function coral(all: Rows, means: boolean): number {
  const [s, t] = [all.slice(0, SOURCES), all.slice(SOURCES)];
  const centre = (part: Rows) => Array.from({ length: SIZE }, (_, i) => mean(part.map((row) => row[i])));
  const apart = means ? squared(centre(s), centre(t)) / SIZE : 0;
  return squared(covariance(s), covariance(t)) / (4 * SIZE ** 2) + apart;
}

const units = (all: Rows): number[][] =>
  all.map((row) => Array.from(row, (value) => value / Math.hypot(...Array.from(row))));

const comparisons: { name: string; options: Record<string, unknown>; smooth: boolean; oracle(x: Rows): number }[] = [
  { name: 'mmd', options: {}, smooth: false, oracle: (x) => discrepancy(units(x), [0.25, 0.5, 1, 2, 4]) },
  {
    name: 'mmd',
    options: { normalise: false, scales: [0.5, 2], bandwidth: 3 },
    smooth: true,
    oracle: (x) => discrepancy(x, [0.5, 2], 3),
  },
  { name: 'coral', options: {}, smooth: true, oracle: (x) => coral(x, false) },
  { name: 'coral', options: { means: true }, smooth: true, oracle: (x) => coral(x, true) },
];

for (const { name, options, smooth, oracle } of comparisons)
  test(`${name} ${JSON.stringify(options)}: the formula, its gradients by finite differences, and 0 between equals`, async (t) => {
    await withSession(async (session) => {
      const { x, seen } = await open(session, name, options);
      const run = session.compile('run', () => ({ loss: seen({}).loss }));
      const value = await session.save(['x']);
      close(t, plain((await run({})).loss), [oracle(rows(value.x))], 1e-5, 'loss');
      // A bandwidth that is taken from the batch is a constant to the gradient, and not to a difference.
      if (smooth) await checkVariableGradients(t, session, [x], {}, (inputs) => seen(inputs).loss);
      const same = Array.from({ length: ROWS * SIZE }, (_, i) => (i % SIZE) + 1);
      await session.load({ x: float32(same, [ROWS, SIZE]) });
      t.true(Math.abs(plain((await run({})).loss)[0]) < 1e-5);
    });
  });

test('a reversed gradient is exactly -lambda times the other one, of a number and of a tensor', async (t) => {
  await withSession(async (session) => {
    const x = session.variable('x', [5], normalTensor([5], 'x'));
    const gradientOf = (change: (x: Tensor) => Tensor) =>
      differentiate(() => ({ loss: tf.sum(tf.square(change(x.read()))) as Tensor, aux: {} }), [x]).gradients[0]
        .gradient;
    const run = session.compile('run', ({ lambda }: Record<string, Tensor>) => ({
      plain: gradientOf((value) => value),
      byNumber: gradientOf((value) => gradientReversal(value, 0.5)),
      byTensor: gradientOf((value) => gradientReversal(value, lambda)),
      value: gradientReversal(x.read(), lambda),
    }));
    const { x: start } = await session.save(['x']);
    const outputs = await run({ lambda: 4 });
    t.deepEqual([...plain(outputs.byNumber)], [...plain(outputs.plain).map((value) => -0.5 * value)]);
    t.deepEqual([...plain(outputs.byTensor)], [...plain(outputs.plain).map((value) => -4 * value)]);
    t.deepEqual([...plain(outputs.value)], [...plain(start)]);
  });
});

/** Mean cross-entropy of a linear head against distributions, over the rows that have one. */
function crossEntropy(x: Rows, weight: HostTensor, bias: HostTensor, targets: Rows): number {
  const losses = x.flatMap((row, n) => {
    const logits = Array.from(bias.data as Float32Array, (b, c) =>
      Array.from(row).reduce((sum, value, i) => sum + value * (weight.data as Float32Array)[i * CLASSES + c], b),
    );
    const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
    const known = Array.from(targets[n]);
    return known.some(Boolean) ? [-known.reduce((total, y, c) => total + y * (logits[c] - Math.log(sum)), 0)] : [];
  });
  return mean(losses);
}

const TARGETS = [
  [1, 0, 0, 0],
  [0, 0, 0, 0],
  [0.25, 0.25, 0, 0.5],
  [0, 0, 1, 0],
  [0, 1, 0, 0],
  [0, 0, 0, 0],
  [0, 0, 0.5, 0.5],
];

test('phones: cross-entropy over the known frames, with gradients; adversarial the layer gets the opposite, by the rise of Ganin', async (t) => {
  const gradients: Record<string, Float32Array> = {};
  const labels = float32(TARGETS.flat(), [1, ROWS, CLASSES]);
  const progress = 0.3;
  for (const adversarial of [false, true])
    await withSession(async (session) => {
      const { x, scope, seen } = await open(session, 'phones', { adversarial, lambda: 2 }, [1, ROWS, SIZE]);
      const head = scope.params();
      const run = session.compile('run', (inputs: Record<string, Tensor>) => {
        const { loss, gradients: all } = differentiate(() => ({ loss: seen(inputs).loss, aux: {} }), [x, ...head]);
        const named = all.map(({ variable, gradient }) => [variable.name, gradient]);
        return { loss, ...Object.fromEntries(named) } as Record<string, Tensor>;
      });
      const outputs = await run({ labels, progress });
      const values = await session.save(['x', ...head.map(({ name }) => name)]);
      const [weight, bias] = head.map(({ name }) => values[name]);
      const frames = rows({ ...values.x, shape: [ROWS, SIZE] });
      close(t, plain(outputs.loss), [crossEntropy(frames, weight, bias, TARGETS)], 1e-5, 'loss');
      gradients[String(adversarial)] = plain(outputs.x);
      gradients[`head ${adversarial}`] = plain(outputs[head[0].name]);
      if (!adversarial)
        await checkVariableGradients(t, session, [x, ...head], { labels, progress }, (inputs) => seen(inputs).loss);
    });
  const lambda = 2 * (2 / (1 + Math.exp(-10 * progress)) - 1);
  close(
    t,
    gradients.true,
    gradients.false.map((value) => -lambda * value),
    1e-5,
    'the layer',
  );
  close(t, gradients['head true'], gradients['head false'], 1e-6, 'the head');
});
