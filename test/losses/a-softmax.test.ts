import test from 'ava';
import { float32 } from '../../src/host-tensor.js';
import aSoftmax from '../../src/losses/a-softmax.js';
import { close } from '../helpers/close.js';
import { aSoftmaxLosses } from '../helpers/oracles/class-losses.js';
import { transposed } from '../helpers/oracles/losses.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { CLASSES, matrix, openLoss, plain, rows, SIZE } from '../helpers/training/open-loss.js';

const x = normalTensor([60, SIZE], 'x', 2);
const labels = Array.from({ length: 60 }, (_, i) => i % CLASSES);
const prototypes = normalTensor([SIZE, CLASSES], 'prototypes');
const rowsOfClasses = transposed(rows(prototypes));

for (const margin of [1, 2, 3, 4, 5]) {
  test(`A-softmax with margin ${margin} agrees with the formula as its annealing goes on`, async (t) => {
    await withSession(async (session) => {
      const { load, run } = openLoss(session, aSoftmax, { margin });
      await load({ prototypes });
      for (const step of [0, 100, 1658, 1659, 1_000_000]) {
        const lambda = Math.max(5, 1000 / (1 + 0.12 * step));
        t.is(lambda > 5, step < 1659);
        const expected = aSoftmaxLosses(rows(x), rowsOfClasses, labels, { margin, lambda });
        close(t, plain((await run({ x, labels, step })).losses), expected, 1e-5, `step ${step}`);
      }
      // Without margin, whatever weighs what.
      const expected = aSoftmaxLosses(rows(x), rowsOfClasses, labels, { margin: 1, lambda: 0 });
      const result = await run({ x, labels, step: 9999, margin: 0 });
      close(t, plain(result.losses), expected, 1e-5, 'no margin');
      close(t, plain(result.plain), expected, 1e-5, 'plain');
    });
  });
}

test('the loss rises with the angle all the way to pi, and has no jumps', async (t) => {
  await withSession(async (session) => {
    const annealing = { from: 0, least: 0 };
    const { load, run } = openLoss(session, aSoftmax, { annealing }, 2);
    await load({ prototypes: float32([1, 0, 0, 1, 0, 0, 0, 0], [SIZE, 2]) });
    const angles = Array.from({ length: 315 }, (_, i) => i / 100);
    // Perpendicular to the other prototype at every angle.
    const turned = matrix(angles.map((angle) => [Math.cos(angle), 0, Math.sin(angle), 0]));
    const zeros = angles.map(() => 0);
    const losses = plain((await run({ x: turned, labels: zeros })).losses);
    close(
      t,
      losses,
      aSoftmaxLosses(
        rows(turned),
        [
          [1, 0, 0, 0],
          [0, 1, 0, 0],
        ],
        zeros,
        { margin: 4, lambda: 0 },
      ),
      2e-5,
    );
    // cos(4 angle) is flat at multiples of pi / 4.
    for (let i = 1; i < losses.length; i++) {
      t.true(losses[i] > losses[i - 1] - 1e-5, `at ${angles[i]}`);
      t.true(losses[i] < losses[i - 1] + 0.05, `at ${angles[i]}`);
    }
  });
});
