import test from 'ava';
import { float32 } from '../../src/host-tensor.js';
import sphereface2 from '../../src/losses/sphereface2.js';
import { close } from '../helpers/close.js';
import { sphereFace2Losses } from '../helpers/oracles/class-losses.js';
import { transposed } from '../helpers/oracles/losses.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { CLASSES, matrix, openLoss, plain, rows, SIZE } from '../helpers/training/open-loss.js';

const x = normalTensor([25, SIZE], 'x', 2);
const labels = Array.from({ length: 25 }, (_, i) => i % CLASSES);
const prototypes = normalTensor([SIZE, CLASSES], 'prototypes');

for (const overrides of [
  {},
  { margin: 0.4, scale: 5, power: 2, lambda: 0.6 },
  { type: 'A' as const },
  // Wide enough that some angles end at pi, where a power of a negative number would be NaN.
  { type: 'A' as const, margin: 1.5, scale: 5, power: 2.5, lambda: 0.6 },
]) {
  test(`SphereFace2 agrees with the formula with ${JSON.stringify(overrides)}`, async (t) => {
    await withSession(async (session) => {
      const { load, run } = openLoss(session, sphereface2, overrides);
      await load({ prototypes, bias: float32([-1.5], []) });
      const options = { margin: 0.2, scale: 32, power: 3, lambda: 0.7, bias: -1.5, ...overrides };
      const expected = (share: number) => {
        const margin = share * options.margin;
        return sphereFace2Losses(rows(x), transposed(rows(prototypes)), labels, { ...options, margin });
      };
      for (const margin of [1, 0.25, 0]) {
        const result = await run({ x, labels, margin });
        close(t, plain(result.losses), expected(margin), 1e-5, `margin share ${margin}`);
        close(t, plain(result.plain), expected(0), 1e-5, 'plain');
      }
    });
  });
}

test('before training, at right angles, the true class pulls as hard as all others push', async (t) => {
  for (const classes of [2, 3, 1000])
    await withSession(async (session) => {
      const { weights } = openLoss(session, sphereface2, {}, classes);
      const bias = plain((await weights())['head/bias'])[0];
      const g = 2 * 0.5 ** 3 - 1;
      const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
      const pull = 0.7 * sigmoid(-(32 * (g - 0.2) + bias));
      const push = (classes - 1) * 0.3 * sigmoid(32 * (g + 0.2) + bias);
      close(t, [pull / push], [1], 1e-4, `${classes} classes`);
    });
});

test('the same for type A, whose margin widens the angle', async (t) => {
  for (const classes of [2, 1000])
    await withSession(async (session) => {
      const { weights } = openLoss(session, sphereface2, { type: 'A' }, classes);
      const bias = plain((await weights())['head/bias'])[0];
      const g = (cosine: number) => 2 * ((cosine + 1) / 2) ** 3 - 1;
      const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
      const pull = 0.7 * sigmoid(-(32 * g(Math.cos(Math.PI / 2 + 0.2)) + bias));
      const push = (classes - 1) * 0.3 * sigmoid(32 * g(0) + bias);
      close(t, [pull / push], [1], 1e-4, `${classes} classes`);
    });
});

test('large logits overflow nothing', async (t) => {
  await withSession(async (session) => {
    const { load, run } = openLoss(session, sphereface2, { scale: 1000 }, 2);
    await load({ prototypes: float32([1, -1, 0, 0, 0, 0, 0, 0], [SIZE, 2]), bias: float32([0], []) });
    const { losses, gradient } = await run({ x: matrix([[1, 0, 0, 0]]), labels: [1] });
    t.true([...plain(losses), ...plain(gradient)].every(Number.isFinite));
    t.true(plain(losses)[0] > 1000);
  });
});
