import test from 'ava';
import { differentiate } from '../../../src/engine/autodiff.js';
import type { Session } from '../../../src/engine/session/session.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import type { Layer } from '../../../src/nn/layer.js';
import { type ReversibleStep, reversible } from '../../../src/nn/recompute/reversible.js';
import { streamMetrics } from '../../../src/nn/recompute/stream-watch.js';
import { createScope, type Scope } from '../../../src/nn/scope.js';
import { smallBlock } from '../../helpers/networks/small-blocks.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

const CHANNELS = 4;
const x = normalTensor([2, 8, 6, 2 * CHANNELS], 'x');
const numbers = (tensor: HostTensor) => Array.from(tensor.data as Float32Array);

type Make = (scope: Scope) => ReversibleStep[];

/** Pairs of small blocks whose values are multiplied by `strengths`, those of f and those of g in turn. */
const pairs =
  (...strengths: [number, number][]): Make =>
  (scope) =>
    strengths.map(([f, g], i) => ({
      f: times(f, smallBlock(scope.child(`f${i}`), CHANNELS)),
      g: times(g, smallBlock(scope.child(`g${i}`), CHANNELS)),
    }));

const times =
  (strength: number, layer: Layer): Layer =>
  (at, pass) =>
    tf.mul(layer(at, pass), strength);

/** One training step: the sequence's ends, what was watched, and all gradients in one list. */
async function step(make: Make, { stored = false } = {}) {
  return withSession(async (session: Session) => {
    const scope = createScope(session, 'net', 1);
    const network = reversible(make(scope), { stored });
    const run = session.compile('step', ({ x }: Record<string, Tensor>) => {
      const [a, b] = tf.split(x, 2, 3);
      const { aux, gradients } = differentiate(() => {
        const [y1, y2] = network([a, b], { training: true });
        return { loss: tf.mean(tf.mul(y1, y2)), aux: { y1, y2 } };
      }, scope.params());
      const flat = gradients.map(({ gradient }) => tf.reshape(gradient, [-1]));
      return { ...aux, gradients: tf.concat(flat), ...streamMetrics() } as Record<string, Tensor>;
    });
    const { y1, y2, gradients, ...watched } = await run({ x });
    const figures = Object.fromEntries(Object.entries(watched).map(([name, value]) => [name, Number(value.data[0])]));
    return { ends: [numbers(y1), numbers(y2)], gradients: numbers(gradients), figures };
  });
}

const largest = (values: number[][]) => Math.max(...values.flat().map(Math.abs));
const difference = (a: number[], b: number[]) => Math.hypot(...a.map((value, i) => value - b[i])) / Math.hypot(...b);

test('in range: the largest number of the ends, and everything recovered', async (t) => {
  const make = pairs([3, 3], [20, 20]);
  const [{ ends, figures, gradients }, kept] = [await step(make), await step(make, { stored: true })];
  t.deepEqual(figures, { streamPeak: largest(ends), streamErrors: 0 });
  t.true(figures.streamPeak > 5 && figures.streamPeak < 256);
  t.true(difference(gradients, kept.gradients) < 1e-6);
});

test('beyond the range it is seen that activations are not recovered, and gradients differ', async (t) => {
  const make = pairs([300, 300], [30_000, 30_000], [30, 30]);
  const [{ ends, figures, gradients }, kept] = [await step(make), await step(make, { stored: true })];
  t.is(figures.streamPeak, largest(ends));
  t.true(figures.streamPeak > 256, `${figures.streamPeak}`);
  t.is(figures.streamErrors, 2);
  t.true(difference(gradients, kept.gradients) > 1e-6);
});

test('what leaves the range and comes back to it is seen by what is recovered', async (t) => {
  const make: Make = (scope) => {
    const block = smallBlock(scope.child('f'), CHANNELS);
    const still = times(0, smallBlock(scope.child('g'), CHANNELS));
    return [
      { f: times(100_000, block), g: still },
      { f: times(-100_000, block), g: still },
    ];
  };
  const { figures } = await step(make);
  t.true(figures.streamPeak < 256, `${figures.streamPeak}`);
  t.is(figures.streamErrors, 1);
});

test('nothing is watched where activations are kept, or no gradient is asked for', async (t) => {
  t.deepEqual((await step(pairs([1, 1]), { stored: true })).figures, {});
  await withSession(async (session) => {
    const network = reversible(pairs([1, 1])(createScope(session, 'net', 1)));
    const run = session.compile('embed', ({ x }: Record<string, Tensor>) => {
      const [a, b] = tf.split(x, 2, 3);
      const [y1] = network([a, b], { training: false });
      return { y1, ...streamMetrics() };
    });
    t.deepEqual(Object.keys(await run({ x })), ['y1']);
  });
});
