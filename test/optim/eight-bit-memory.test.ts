import test from 'ava';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { bytesPerElement, sizeOf } from '../../src/host-tensor.js';
import { createScope } from '../../src/nn/scope.js';
import { createOptimizer, optimizerOptions } from '../../src/optim/optimizer.js';
import { withSession } from '../helpers/session.js';

// With several threads the order of independent ops varies, and the peak with it.
const ONE_THREAD = { threads: 1 };
const PIECE = 2 ** 16;

/** Peak of an update beside its variables: the gradient, and whatever lives with it. */
function peakOf(fields: Record<string, unknown>, weights: number[]): Promise<number> {
  return withSession(async (session) => {
    const scope = createScope(session, 'net', 1);
    const trained = weights.map((values, i) => scope.param(`weight${i}`, [values / 100, 100], 0.5));
    const options = optimizerOptions.parse({ ...fields, weightDecay: 0.1 });
    const optimizer = createOptimizer(createScope(session, 'optimizer', 0), trained, options, PIECE);
    const update = session.compile('update', ({ scale, rate, step }: Record<string, Tensor>) => {
      const gradients = trained.map((variable) => ({ variable, gradient: tf.mul(variable.read(), scale) }));
      optimizer.apply(gradients, rate, step);
      return {};
    });
    const inputs = (step: number) => ({ scale: 0.1, rate: 0.01, step });
    await update(inputs(0));
    const peaks: number[] = [];
    for (let i = 1; i < 4; i++) peaks.push((await update.measure(inputs(i))).peakBytes);
    const variables = [...trained, ...optimizer.states].map(
      ({ shape, dtype }) => sizeOf(shape) * bytesPerElement(dtype),
    );
    return Math.max(...peaks) - variables.reduce((sum, bytes) => sum + bytes, 0);
  }, ONE_THREAD);
}

// A value of the weight costs its gradient, four bytes, which becomes the update; and the new codes, one byte and 4 / 256 for each
// state. One float copy of a state, or of the update, would be four more.
const cases: [string, number][] = [
  ['sgd', 1],
  ['lars', 1],
  ['adam', 2],
  ['adamw', 2],
];
const LARGE = 2_000_000;

for (const [name, states] of cases) {
  test.serial(`${name}: beside the gradient an update holds new codes and one piece in float32`, async (t) => {
    const [half, whole] = [
      await peakOf({ name, stateBits: 8 }, [LARGE / 2]),
      await peakOf({ name, stateBits: 8 }, [LARGE]),
    ];
    const slope = (whole - half) / (LARGE / 2);
    const expected = 4 + states * (1 + 4 / 256);
    t.true(Math.abs(slope - expected) < 0.2, `${slope} bytes for each further value instead of ${expected}`);
    const pieces = whole - LARGE * expected;
    t.true(pieces < 10 * 4 * PIECE, `${pieces / (4 * PIECE)} pieces in float32`);
  });
}

test.serial('weights wait for each other: pieces of one only are in float32', async (t) => {
  const [one, many] = [
    await peakOf({ name: 'adam', stateBits: 8 }, [LARGE / 8]),
    await peakOf({ name: 'adam', stateBits: 8 }, new Array(8).fill(LARGE / 8)),
  ];
  // All gradients are there from the start; nothing else is for more than one weight.
  const beside = [one - (LARGE / 8) * 4, many - LARGE * 4];
  t.true(beside[1] < beside[0] + 3 * 4 * PIECE, beside.map((bytes) => bytes / (4 * PIECE)).join(', '));
});
