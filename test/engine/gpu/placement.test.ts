import test from 'ava';
import { gather } from '../../../src/engine/gather.js';
import { castTo, typeAttr } from '../../../src/engine/graph/attributes.js';
import { DT } from '../../../src/engine/graph/data-types.js';
import { PINNED_VERSION } from '../../../src/engine/library/wheels.js';
import { raw } from '../../../src/engine/raw.js';
import { requireFinite } from '../../../src/engine/require-finite.js';
import type { Inputs, Outputs } from '../../../src/engine/session/compile.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { onHost } from '../../../src/engine/trace.js';
import { int32 } from '../../../src/host-tensor.js';
import type { Placement } from '../../helpers/gpu/placement.js';
import { registeredVersion } from '../../helpers/gpu/registered-kernels.js';
import { placementOf, withGpuTracing } from '../../helpers/gpu/run-places.js';
import { normalTensor } from '../../helpers/random-values.js';

const x = normalTensor([4, 6], 'x');

/** What a GPU would make of a function of its inputs. */
const placed = (fn: (inputs: Record<string, Tensor>) => Outputs, inputs: Inputs = { x }): Promise<Placement> =>
  withGpuTracing((session) => placementOf(session, session.compile('f', fn), inputs));

/** Kinds of copies, with the op that makes the value and those that need it. */
const copied = ({ copies }: Placement): string[] =>
  copies.map(({ kind, from, into }) => `${kind} ${from.replace(/^\w+\/(\w+)_\d+$/, '$1')} -> ${into.join(', ')}`);

test('the kernels that are known are those of the library that is installed', (t) => {
  t.is(registeredVersion, PINNED_VERSION);
});

test('what a GPU has kernels for stays on it', async (t) => {
  const placement = await placed(({ x }) => ({ y: tf.sum(tf.matMul(tf.relu(x), x, false, true)) }));
  t.deepEqual(placement, { missing: [], copies: [] });
});

test('a slice of bytes, which a GPU has no kernel for, is found, and the way there and back', async (t) => {
  const placement = await placed(({ x }) => {
    const bytes = raw('Cast', [tf.abs(x)], castTo(DT.UINT8))[0];
    const one = (value: number) => tf.tensor1d([value, value], 'int32');
    const part = raw('Slice', [bytes, one(0), one(2)], [typeAttr('Index', DT.INT32)])[0];
    return { y: tf.sum(tf.cast(part, 'float32')) };
  });
  t.deepEqual(placement.missing, ['Slice Index=3 T=4']);
  t.deepEqual(copied(placement), ['to-host Cast -> Slice', 'to-device Slice -> Cast']);
});

test("arithmetic of whole numbers between tensors of the device is found: TensorFlow does it in the host's memory", async (t) => {
  const placement = await placed(({ x }) => {
    const best: Tensor = tf.argMax(x, 1);
    return { y: gather(x, tf.add(best, tf.scalar(1, 'int32'))) };
  });
  t.deepEqual(placement.missing, []);
  t.deepEqual(copied(placement), ['to-host ArgMax -> Add', 'to-device Add -> GatherV2']);
  t.true(placement.copies.every(({ constant }) => !constant));
});

test('an operation on the host is found by what it needs and gives', async (t) => {
  const placement = await placed(({ x }) => ({
    y: tf.sum(
      tf.add(
        x,
        onHost(() => tf.square(tf.relu(x)) as Tensor),
      ),
    ),
  }));
  t.deepEqual(placement.missing, []);
  // The input comes from the host anyway.
  t.deepEqual(copied(placement), ['to-device Square -> Add']);
  t.true(placement.copies[0].meant);
});

test('a variable follows the one of its users that needs the host', async (t) => {
  const placement = await withGpuTracing((session) => {
    const counts = session.variable('counts', [4], int32([1, 2, 3, 4]), 'int32');
    const step = session.compile('f', ({ x }: Record<string, Tensor>) => {
      const scaled: Tensor = tf.mul(tf.sum(x, 1), tf.cast(counts.read(), 'float32'));
      return { y: tf.sum(scaled) };
    });
    return placementOf(session, step, { x });
  });
  t.deepEqual(placement.missing, ['VarHandleOp dtype=3']);
  t.deepEqual(copied(placement), ['to-device ReadVariableOp -> Cast']);
});

test('a constant that another memory needs is told from what changes', async (t) => {
  const { copies } = await placed(({ x }) => ({ y: gather(x, tf.tensor1d([2, 0], 'int32')) }));
  t.deepEqual(
    copies.map(({ kind, constant }) => [kind, constant]),
    [['to-device', true]],
  );
});

test('the finite check copies two values, the norms and whether all are finite', async (t) => {
  const placement = await placed(({ x }) => {
    requireFinite({ x: tf.relu(x) });
    return { y: tf.sum(x) };
  });
  t.deepEqual(copied(placement), ['to-host IsFinite -> Assert', 'to-host Pack -> Assert']);
});
