import test from 'ava';
import { differentiate } from '../../src/engine/autodiff.js';
import type { Session } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { unitRows } from '../../src/nn/initializers.js';
import { createQueue } from '../../src/nn/queue.js';
import { createScope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { rowsOf } from '../helpers/oracles/losses.js';
import { withSession } from '../helpers/session.js';

const SIZE = 3;
const plain = (tensor: HostTensor) => tensor.data as Float32Array;
const rows = (...values: number[]): HostTensor =>
  float32(
    values.flatMap((value) => Array(SIZE).fill(value)),
    [values.length, SIZE],
  );

const open = (session: Session, length: number, initial: Parameters<typeof createQueue>[2] = 0) => {
  const queue = createQueue(createScope(session, 'queue', 1), [length, SIZE], initial);
  const push = session.compile('push', ({ x }: Record<string, Tensor>) => {
    const before = queue.read();
    queue.push(x);
    return { before, after: queue.read() };
  });
  const content = async () => rowsOf(plain((await session.save())['queue/rows']), SIZE).map(([value]) => value);
  return { queue, push, content };
};

test('the oldest rows leave first, and the order stays', async (t) => {
  await withSession(async (session) => {
    const { push, content } = open(session, 6);
    const reference = [0, 0, 0, 0, 0, 0];
    for (const added of [[1, 2], [3], [4, 5, 6], [7, 8], [9, 10, 11, 12, 13, 14], [15]]) {
      const { before, after } = await push({ x: rows(...added) });
      t.deepEqual(before, rows(...reference), 'a read before the push sees what was there');
      reference.push(...added);
      reference.splice(0, added.length);
      t.deepEqual(after, rows(...reference), 'a read after it the new rows');
      t.deepEqual(await content(), reference);
    }
  });
});

test('more rows than the queue is long are refused', async (t) => {
  await withSession(async (session) => {
    const { push } = open(session, 2);
    await t.throwsAsync(async () => push({ x: rows(1, 2, 3) }), { message: /^queue: 3 rows pushed into a queue of 2/ });
  });
});

test('rows of random direction to start from: unit length, all different, the same for one seed', async (t) => {
  const start = () =>
    withSession(async (session) => {
      open(session, 50, unitRows);
      return rowsOf(plain((await session.save())['queue/rows']), SIZE);
    });
  const [first, again] = [await start(), await start()];
  t.deepEqual(again, first);
  close(
    t,
    first.map((row) => Math.hypot(...row)),
    Array(50).fill(1),
    1e-6,
  );
  t.is(new Set(first.map(String)).size, 50);
  // Directions all around: their mean is short.
  t.true(Math.hypot(...[0, 1, 2].map((i) => first.reduce((sum, row) => sum + row[i], 0) / 50)) < 0.4);
});

test('no gradient flows into the queue', async (t) => {
  await withSession(async (session) => {
    const { queue } = open(session, 4, unitRows);
    const x = session.variable('x', [1, SIZE], rows(1));
    const variables = [...session.variables.values()];
    const slope = session.compile('slope', () => {
      const loss = () => tf.sum(tf.matMul(x.read(), queue.read(), false, true));
      const { gradients } = differentiate(() => ({ loss: loss(), aux: {} }), variables, true);
      t.deepEqual(
        gradients.map(({ variable }) => variable),
        [x],
      );
      return { slope: gradients[0].gradient, sum: tf.sum(queue.read(), 0, true) };
    });
    const found = await slope({});
    close(t, plain(found.slope), plain(found.sum), 1e-6);
  });
});
