import test, { type ExecutionContext } from 'ava';
import { differentiate } from '../../../src/engine/autodiff.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import type { Pass } from '../../../src/nn/pass.js';
import {
  type Rearrangement,
  type ReversibleStep,
  reversible,
  type Streams,
} from '../../../src/nn/recompute/reversible.js';
import { createScope, type Scope } from '../../../src/nn/scope.js';
import { close } from '../../helpers/close.js';
import { checkVariableGradients } from '../../helpers/finite-differences.js';
import { noisyBlock, smallBlock } from '../../helpers/networks/small-blocks.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

const CHANNELS = 4;
const x = normalTensor([2, 8, 6, 2 * CHANNELS], 'x');
const plain = (tensor: HostTensor) => tensor.data as Float32Array;

type Sequence = (streams: Streams, pass: Pass) => Streams;
type Steps = (scope: Scope) => ReversibleStep[];

/** The same steps as the formulas say it. */
const formulas =
  (steps: readonly ReversibleStep[]): Sequence =>
  ([a, b], pass) => {
    let [x1, x2, at] = [a, b, pass];
    for (const step of steps) {
      if ('f' in step) {
        x1 = tf.add(x1, step.f(x2, at));
        x2 = tf.add(x2, step.g(x1, at));
      } else {
        [x1, x2] = [step.forward(x1), step.forward(x2)];
        at = step.pass?.(at) ?? at;
      }
    }
    return [x1, x2];
  };

const pairs =
  (count: number, make = smallBlock): Steps =>
  (scope) =>
    Array.from({ length: count }, (_, i) => ({
      f: make(scope.child(`f${i}`), CHANNELS),
      g: make(scope.child(`g${i}`), CHANNELS),
    }));

/** Halves the time axis by moving every second frame into channels of its own. */
const squeeze: Rearrangement = {
  forward: (map) => tf.reshape(map, [map.shape[0], map.shape[1]! / 2, map.shape[2]!, 2 * map.shape[3]!]),
  inverse: (map) => tf.reshape(map, [map.shape[0], map.shape[1]! * 2, map.shape[2]!, map.shape[3]! / 2]),
  pass: (pass) => ({ ...pass, lengths: pass.lengths && tf.floorDiv(pass.lengths, tf.scalar(2, 'int32')) }),
};

type Run = Awaited<ReturnType<typeof run>>;

/** Gradients, statistics after one step, and the profile. `twice` runs the network on two halves of the batch. */
function run(sequence: (steps: ReversibleStep[]) => Sequence, make: Steps, { input = x, twice = false } = {}) {
  return withSession(async (session) => {
    const scope = createScope(session, 'net', 1);
    const network = sequence(make(scope));
    const loss = (rows: Tensor): Tensor => {
      const [a, b] = tf.split(rows, 2, 3);
      const [y1, y2] = network([tf.mul(a, 0.5), b], { training: true });
      return tf.mean(tf.square(tf.mul(tf.add(y1, 0.3), y2)));
    };
    const step = session.compile('step', ({ x }: Record<string, Tensor>) => {
      const result = differentiate(() => {
        const parts = twice ? tf.split(x, 2, 0).map(loss) : [loss(x)];
        return { loss: tf.addN(parts), aux: {} };
      }, scope.params());
      const named = result.gradients.map(({ variable, gradient }) => [variable.name, gradient]);
      return Object.fromEntries([['loss', result.loss], ...named]) as Record<string, Tensor>;
    });
    const outputs = await step({ x: input, step: 5 });
    const statistics = await session.save(scope.buffers().map(({ name }) => name));
    return { outputs, statistics, profile: await step.measure({ x: input, step: 5 }) };
  });
}

const networks: Record<string, { make: Steps; twice?: boolean }> = {
  'three pairs': { make: pairs(3) },
  'random draws': { make: pairs(2, noisyBlock) },
  'run on two batches': { make: pairs(2), twice: true },
  'a rearrangement between': {
    make: (scope) => [
      ...pairs(1)(scope.child('a')),
      squeeze,
      { f: smallBlock(scope.child('f'), 2 * CHANNELS), g: smallBlock(scope.child('g'), 2 * CHANNELS) },
    ],
  },
  'one function everywhere': {
    make: (scope) => {
      const block = smallBlock(scope, CHANNELS);
      return [
        { f: block, g: block },
        { f: block, g: block },
      ];
    },
  },
};

/** Compares two runs' outputs, each relative to its largest number. */
function agree(t: ExecutionContext, one: Run, other: Run, tolerance: number): void {
  t.deepEqual(Object.keys(one.outputs), Object.keys(other.outputs));
  for (const [key, value] of Object.entries(other.outputs)) {
    const largest = plain(value).reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const scaled = (tensor: HostTensor) => plain(tensor).map((v) => v / largest);
    close(t, scaled(one.outputs[key]), scaled(value), tolerance, key);
  }
}

const storing = (steps: ReversibleStep[]): Sequence => reversible(steps, { stored: true });

for (const [name, { make, twice }] of Object.entries(networks)) {
  test(`${name}: the formulas, up to the grid of the streams`, async (t) => {
    agree(t, await run(storing, make, { twice }), await run(formulas, make, { twice }), 2e-4);
  });

  test(`${name}: loss, gradients and statistics are those of stored activations`, async (t) => {
    const [kept, again] = [await run(storing, make, { twice }), await run(reversible, make, { twice })];
    agree(t, again, kept, 1e-6);
    for (const [key, value] of Object.entries(kept.statistics)) {
      close(t, plain(again.statistics[key]), plain(value), 1e-7, key);
    }
  });
}

test('the inversion is exact: no rectifier flips in forty functions of full strength', async (t) => {
  const strong: typeof smallBlock = (scope, channels) => {
    const block = smallBlock(scope, channels);
    return (x, pass) => tf.mul(block(x, pass), 10);
  };
  agree(t, await run(reversible, pairs(20, strong)), await run(storing, pairs(20, strong)), 1e-6);
});

test('gradients by finite differences', async (t) => {
  await withSession(async (session) => {
    const scope = createScope(session, 'net', 1);
    const network = reversible([...pairs(1)(scope), squeeze]);
    const input = { x: normalTensor([1, 4, 3, 2 * CHANNELS], 'small') };
    const product = ({ x }: Record<string, Tensor>) => {
      const [a, b] = tf.split(x, 2, 3);
      const [y1, y2] = network([a, b], { training: true });
      return tf.mul(tf.square(y1), y2);
    };
    // Wide steps, for the grid of the streams is coarser than float32.
    await checkVariableGradients(t, session, scope.params(), input, product, { step: 0.06, tolerance: 0.02 });
  });
});

test('twice the blocks need no more memory, where the plain network needs twice', async (t) => {
  const input = normalTensor([4, 32, 24, 2 * CHANNELS], 'large');
  const peak = async (sequence: (steps: ReversibleStep[]) => Sequence, blocks: number) =>
    (await run(sequence, pairs(blocks), { input })).profile.peakBytes;
  const [short, long] = [await peak(reversible, 6), await peak(reversible, 12)];
  t.true(long < 1.02 * short + 12 * 4 * 4 * (2 * 9 * CHANNELS * CHANNELS + 8 * CHANNELS), `${short}, then ${long}`);
  const [plainShort, plainLong] = [await peak(formulas, 6), await peak(formulas, 12)];
  t.true(plainLong > 1.8 * plainShort, `${plainShort}, then ${plainLong}`);
});

test('streams stay float32 under bfloat16 compute', async (t) => {
  await withSession(
    async (session) => {
      const scope = createScope(session, 'net', 1);
      const network = reversible(pairs(8)(scope));
      const through = session.compile('through', ({ x }: Record<string, Tensor>) => {
        const [a, b] = tf.split(x, 2, 3);
        const { loss, gradients } = differentiate(() => {
          const [y1, y2] = network([a, b], { training: true });
          return { loss: tf.mean(tf.square(tf.add(y1, y2))), aux: { y1 } };
        }, scope.params());
        return { loss, y1: network([a, b], { training: true })[0], first: gradients[0].gradient };
      });
      const { y1, first } = await through({ x });
      t.is(y1.dtype, 'float32');
      t.true(plain(y1).some((value) => value !== Math.fround(Math.round(value * 128) / 128)));
      t.true(plain(first).every(Number.isFinite));
    },
    { compute: 'bfloat16' },
  );
});
