import test, { type ExecutionContext } from 'ava';
import { raw } from '../../../src/engine/raw.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { float32, type HostTensor, int32 } from '../../../src/host-tensor.js';
import { withSession } from '../../helpers/session.js';

const X = float32([1, 2, 3, 4, 5, 6], [2, 3]);

/** Runs `build` on a 2 x 3 tensor of 1 to 6 and compares every output. */
async function gives(
  t: ExecutionContext,
  build: (x: Tensor) => Record<string, Tensor>,
  expected: Record<string, HostTensor>,
): Promise<void> {
  await withSession(async (session) => {
    t.deepEqual(await session.compile('fn', ({ x }) => build(x))({ x: X }), expected);
  });
}

test('ops with one list input', (t) =>
  gives(
    t,
    (x) => ({
      concat: tf.concat([x, x, x], 0).slice([3, 0], [2, 3]),
      along: tf.concat([x, tf.mul(x, 10)], 1),
      stack: tf.stack([x, x], 1),
      addN: tf.addN([x, x, tf.mul(x, 2)]),
      einsum: tf.einsum('ij,kj->ik', x, x),
      one: tf.concat([x], 0),
    }),
    {
      concat: float32([4, 5, 6, 1, 2, 3], [2, 3]),
      along: float32([1, 2, 3, 10, 20, 30, 4, 5, 6, 40, 50, 60], [2, 6]),
      stack: float32([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6], [2, 2, 3]),
      addN: float32([4, 8, 12, 16, 20, 24], [2, 3]),
      einsum: float32([14, 32, 32, 77], [2, 2]),
      one: X,
    },
  ));

test('ops with several outputs', (t) =>
  gives(
    t,
    (x) => {
      const [a, b, c] = tf.split(x, 3, 1);
      const [left, right] = tf.split(x, [1, 2], 1);
      const [top, bottom] = tf.unstack(x, 0);
      const { values, indices } = tf.topk(x, 2);
      return { a, b, c, left, right, top, bottom, values, indices };
    },
    {
      a: float32([1, 4], [2, 1]),
      b: float32([2, 5], [2, 1]),
      c: float32([3, 6], [2, 1]),
      left: float32([1, 4], [2, 1]),
      right: float32([2, 3, 5, 6], [2, 2]),
      top: float32([1, 2, 3]),
      bottom: float32([4, 5, 6]),
      values: float32([3, 2, 6, 5], [2, 2]),
      indices: int32([2, 1, 2, 1], [2, 2]),
    },
  ));

test('a list whose elements differ in type', (t) =>
  gives(
    t,
    (x) => {
      const [same, flags] = raw('IdentityN', [x, tf.cast(tf.greater(x, 3), 'int32')]);
      return { same, flags };
    },
    { same: X, flags: int32([0, 0, 0, 1, 1, 1], [2, 3]) },
  ));

test('an op that TensorFlow does not have is named', async (t) => {
  await withSession(async (session) => {
    const fn = session.compile('fn', ({ x }) => ({ y: raw('NoSuchOp', [x])[0] }));
    await t.throwsAsync(fn({ x: X }), { message: /NoSuchOp/ });
    const few = session.compile('few', ({ x }) => ({ y: raw('MatMul', [x])[0] }));
    await t.throwsAsync(few({ x: X }), { message: /MatMul takes a, b; got 1 inputs/ });
  });
});

test('element types other than float32 pass through', async (t) => {
  await withSession(async (session) => {
    const inputs: Record<string, HostTensor> = {
      bytes: { dtype: 'uint8', shape: [2], data: Uint8Array.of(1, 255) },
      short: { dtype: 'int16', shape: [2], data: Int16Array.of(-3, 300) },
      long: { dtype: 'int64', shape: [1], data: BigInt64Array.of(-(2n ** 40n)) },
      flags: { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) },
      narrow: { dtype: 'bfloat16', shape: [1], data: Uint16Array.of(0x3f80) },
      empty: float32([], [0, 3]),
    };
    const fn = session.compile('fn', (tensors) =>
      Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, raw('Identity', [tensor])[0]])),
    );
    t.deepEqual(await fn(inputs), inputs);
  });
});

test('equal small constants are one node', async (t) => {
  await withSession(async (session) => {
    const nodesOf = (count: number) => {
      const before = session.graph.operations.length;
      session
        .compile('fn', ({ x }) => {
          let y = x;
          for (let i = 0; i < count; i++) y = tf.add(y, 0.125);
          return { y };
        })
        .trace({ x: X });
      return session.graph.operations.length - before;
    };
    const [few, many] = [nodesOf(1), nodesOf(11)];
    t.true(many - few <= 20, `${many - few} nodes for ten additions`);
  });
});
