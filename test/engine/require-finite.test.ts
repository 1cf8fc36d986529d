import test from 'ava';
import { differentiate } from '../../src/engine/autodiff.js';
import { NotFiniteError, requireFinite } from '../../src/engine/require-finite.js';
import type { Session } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32 } from '../../src/host-tensor.js';
import { withSession } from '../helpers/session.js';

/** A step over two weights, one of which is multiplied by what is fed; a counter is assigned before the check, another behind. */
function guardedStep(session: Session) {
  const [a, b] = ['a', 'b'].map((name) => session.variable(name, [2], float32([1, 2])));
  const [early, late] = ['early', 'late'].map((name) => session.variable(name, [], 0));
  return session.compile('step', ({ x }: Record<string, Tensor>) => {
    early.assign(tf.add(early.read(), 1));
    const { loss, gradients } = differentiate(
      () => ({ loss: tf.add(tf.sum(a.read()), tf.sum(tf.mul(b.read(), x))), aux: {} }),
      [a, b],
    );
    requireFinite(Object.fromEntries(gradients.map(({ variable, gradient }) => [`d${variable.name}`, gradient])));
    for (const { variable, gradient } of gradients) variable.assign(tf.sub(variable.read(), gradient));
    late.assign(tf.add(late.read(), early.read()));
    return { loss, early: early.read() };
  });
}

test('a sound step goes through, and reads see what was assigned', async (t) => {
  await withSession(async (session) => {
    const step = guardedStep(session);
    const { early } = await step({ x: float32([3, 4]) });
    t.is(early.data[0], 1);
    const { a, b, late } = await session.save();
    t.deepEqual([...(a.data as Float32Array)], [0, 1]);
    t.deepEqual([...(b.data as Float32Array)], [-2, -2]);
    t.is(late.data[0], 1);
  });
});

for (const [bad, kind] of [
  [Number.NaN, /^db became NaN$/],
  [Number.POSITIVE_INFINITY, /^db became too large for a float32$/],
] as const) {
  test(`a gradient of ${bad} is named, and nothing changes, not even what was assigned before the check`, async (t) => {
    await withSession(async (session) => {
      const step = guardedStep(session);
      await step({ x: float32([1, 1]) });
      const before = await session.save();
      await t.throwsAsync(step({ x: float32([1, bad]) }), { instanceOf: NotFiniteError, message: kind });
      t.deepEqual(await session.save(), before);
      await step({ x: float32([1, 1]) });
      t.is((await session.save(['early'])).early.data[0], 2);
    });
  });
}

test('only the first few names are listed', async (t) => {
  await withSession(async (session) => {
    const step = session.compile('step', ({ x }: Record<string, Tensor>) => {
      requireFinite(Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, x])));
      return { x: tf.add(x, 1) };
    });
    await t.throwsAsync(step({ x: Number.NaN }), { message: /^a, b, c and 2 more became/ });
  });
});
