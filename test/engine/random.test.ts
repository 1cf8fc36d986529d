import test from 'ava';
import { random } from '../../src/engine/random.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import type { HostTensor } from '../../src/host-tensor.js';
import { float32 } from '../../src/host-tensor.js';
import { withSession } from '../helpers/session.js';

const draws = () => ({
  normal: random.normal([5000], 'normal'),
  other: random.normal([5000], 'other'),
  uniform: random.uniform([5000], 'uniform', -1, 3),
  truncated: random.truncatedNormal([5000], 'truncated'),
});

/** What two steps draw in a session of its own. */
const drawn = (seed: number) =>
  withSession(
    async (session) => {
      const step = session.compile('draw', draws);
      return [await step({ step: 0 }), await step({ step: 1 }), await step({ step: 0 })];
    },
    { seed },
  );

const numbers = ({ data }: HostTensor) => data as Float32Array;

/** How many numbers two draws have in common, wherever they stand. */
const common = (a: HostTensor, b: HostTensor): number => {
  const seen = new Set(numbers(a));
  return numbers(b).filter((value) => seen.has(value)).length;
};

test('the same seed and step draw the same bytes, in another session too', async (t) => {
  const [first, , repeated] = await drawn(3);
  const [again] = await drawn(3);
  t.deepEqual(repeated, first);
  t.deepEqual(again, first);
});

test('other steps, names and seeds draw other numbers', async (t) => {
  const [first, second] = await drawn(3);
  const [otherSeed] = await drawn(4);
  for (const name of ['normal', 'uniform', 'truncated'] as const) {
    t.true(common(first[name], second[name]) < 25, `${name}: steps`);
    t.true(common(first[name], otherSeed[name]) < 25, `${name}: seeds`);
  }
  t.true(common(first.normal, first.other) < 25, 'names');
});

test('the numbers have the distributions they are named after', async (t) => {
  const [{ normal, uniform, truncated }] = await drawn(1);
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const moment = (values: Float32Array, power: number) => mean(values.map((value) => value ** power));
  // Five standard errors of 5,000 draws.
  const near = (got: number, want: number, deviation: number) =>
    t.true(Math.abs(got - want) < (5 * deviation) / Math.sqrt(5000), `${got} instead of ${want}`);
  near(mean(numbers(normal)), 0, 1);
  near(moment(numbers(normal), 2), 1, Math.SQRT2);
  near(moment(numbers(normal), 4), 3, Math.sqrt(96));
  near(mean(numbers(uniform)), 1, Math.sqrt(16 / 12));
  t.true(numbers(uniform).every((value) => value >= -1 && value < 3));
  near(mean(numbers(truncated)), 0, 0.88);
  near(moment(numbers(truncated), 2), 0.774, 0.9);
  t.true(numbers(truncated).every((value) => Math.abs(value) <= 2));
});

test('a draw without a step, or under a name already used, is refused', async (t) => {
  await withSession(async (session) => {
    const stepless = session.compile('stepless', () => ({ y: random.normal([2], 'noise') }));
    await t.throwsAsync(stepless({}), { message: /'noise' draws random numbers.*input named 'step'/ });
    const twice = session.compile('twice', () => ({ a: random.normal([2], 'n'), b: random.uniform([2], 'n') }));
    await t.throwsAsync(twice({ step: 0 }), { message: /two random draws are named 'n'/ });
    const once = session.compile('once', () => ({ y: random.normal([2], 'n') }));
    await t.throwsAsync(once({ step: 0.5 }), { message: /`step` must be a whole number/ });
  });
});

const REFUSED: Record<string, (x: Tensor) => Tensor> = {
  randomNormal: () => tf.randomNormal([2]),
  randomStandardNormal: () => tf.randomStandardNormal([2]),
  randomUniform: () => tf.randomUniform([2]),
  randomUniformInt: () => tf.randomUniformInt([2], 0, 5),
  truncatedNormal: () => tf.truncatedNormal([2]),
  randomGamma: () => tf.randomGamma([2], 1),
  rand: () => tf.rand([2], () => 0.5),
  dropout: (x) => tf.dropout(x, 0.5),
  'dropout with a seed': (x) => tf.dropout(x, 0.5, undefined, 7),
  multinomial: (x) => tf.multinomial(x as ReturnType<typeof tf.tensor2d>, 1),
};

for (const [name, draw] of Object.entries(REFUSED)) {
  test(`tf.${name} is refused while tracing`, async (t) => {
    await withSession(async (session) => {
      const fn = session.compile('fn', ({ x }) => ({ y: draw(x) }));
      const error = await t.throwsAsync(fn({ x: float32([1, 2, 3, 4], [2, 2]), step: 0 }));
      t.regex(error!.message, /voxloop's random.*tracing 'fn', at .*random\.test\.ts:\d+/);
    });
  });
}
