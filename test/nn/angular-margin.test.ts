import test from 'ava';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { marginOptions, withMargin } from '../../src/nn/angular-margin.js';
import { close } from '../helpers/close.js';
import { movedCosine, type PlainMargin } from '../helpers/oracles/contrastive.js';
import { withSession } from '../helpers/session.js';

const plain = (tensor: HostTensor) => tensor.data as Float32Array;
/** From one end to the other. */
const cosines = Float32Array.from({ length: 41 }, (_, i) => Math.cos((Math.PI * i) / 40));

for (const kind of ['none', 'cosface', 'arcface'] as const) {
  for (const value of [0, 0.2, 1.5]) {
    const margin: PlainMargin = { kind, value };
    test(`${kind} ${value}: the formula and its slope, from cosine 1 to -1`, async (t) => {
      await withSession(async (session) => {
        const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({
          y: withMargin(x, margin),
          slope: tf.grad((inner: Tensor) => withMargin(tf.mul(inner, 1), margin))(x),
        }));
        const { y, slope } = await run({ x: float32(cosines) });
        // At cosine 1 the angle is cut at about 1.4e-3, which the margin makes a difference of as much.
        close(
          t,
          plain(y).slice(1),
          [...cosines].slice(1).map((cosine) => movedCosine(cosine, margin)),
          1e-5,
        );
        close(t, plain(y).slice(0, 1), [movedCosine(1, margin)], 2e-3);
        t.true(
          [...plain(y)].every((moved, i) => i === 0 || moved < plain(y)[i - 1]),
          'it goes on falling',
        );
        t.true([...plain(slope)].every(Number.isFinite));
        const inner = [...cosines].slice(1, -1);
        const turning = Math.PI - value;
        const expected = inner.map((cosine) => {
          const angle = Math.acos(cosine);
          return kind === 'arcface' && angle < turning ? Math.sin(angle + value) / Math.sin(angle) : 1;
        });
        close(t, plain(slope).slice(1, -1), expected, 1e-4, 'slope');
      });
    });
  }
}

test('no margin unless asked for; angles past pi are refused', (t) => {
  t.is(marginOptions.parse({}).kind, 'none');
  t.false(marginOptions.safeParse({ kind: 'arcface', value: 3.2 }).success);
  t.false(marginOptions.safeParse({ kind: 'cosface', value: -0.1 }).success);
});
