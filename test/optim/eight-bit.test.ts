import test, { type ExecutionContext } from 'ava';
import { NotFiniteError, requireFinite } from '../../src/engine/require-finite.js';
import type { Session } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { UserError } from '../../src/errors.js';
import type { HostTensor } from '../../src/host-tensor.js';
import { createScope } from '../../src/nn/scope.js';
import { createOptimizer, optimizerOptions } from '../../src/optim/optimizer.js';
import { close } from '../helpers/close.js';
import { plainBook, smallestDistance } from '../helpers/oracles/codes.js';
import { type PlainWeight, plainUpdate } from '../helpers/oracles/optimizer.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const BLOCK = 256;
const STEPS = 6;
const BOOKS = { momentum: plainBook(true), mean: plainBook(true), square: plainBook(false) };
type Kind = keyof typeof BOOKS;

/** Two weights of 5000 values (19 blocks and a short one), and one that is too small for 8 bit. */
const SHAPES: Record<string, number[]> = { 'net/matrix': [25, 200], 'net/vector': [5000], 'net/small': [4, 5] };
const CODED = ['net/matrix', 'net/vector'];

const plain = (tensor: HostTensor) => [...(tensor.data as Float32Array)];

/** Gradients whose sizes differ from block to block; those of one block are always zero. */
function gradientOf(name: string, step: number): HostTensor {
  const gradient = normalTensor(SHAPES[name], `${name}${step}`);
  const values = gradient.data as Float32Array;
  const scale = (block: number) => (block === 3 ? 0 : 10 ** (-block % 4));
  for (let i = 0; i < values.length; i++) values[i] *= scale(Math.floor(i / BLOCK));
  return gradient;
}

async function train(session: Session, fields: Record<string, unknown>, pieceValues?: number) {
  const scope = createScope(session, 'net', 1);
  const trained = Object.entries(SHAPES).map(([name, shape]) => scope.param(name.slice(4), shape, 0));
  await session.load(Object.fromEntries(trained.map(({ name, shape }) => [name, normalTensor(shape, name)])));
  const options = optimizerOptions.parse(fields);
  const optimizer = createOptimizer(createScope(session, 'optimizer', 0), trained, options, pieceValues);
  const update = session.compile('update', ({ rate, step, ...gradients }: Record<string, Tensor>) => {
    const pairs = trained.map((variable) => ({ variable, gradient: gradients[variable.name] }));
    optimizer.apply(pairs, rate, step);
    return {};
  });
  const run = (step: number) => {
    const gradients = Object.fromEntries(trained.map(({ name }) => [name, gradientOf(name, step)]));
    return update({ ...gradients, rate: 0.1 / (1 + step), step });
  };
  return { options, optimizer, run };
}

type Saved = Record<string, HostTensor>;

/** Names of the tensors whose bytes are not equal. */
const differing = (a: Saved, b: Saved): string[] =>
  Object.keys({ ...a, ...b }).filter(
    (name) => !Buffer.from(a[name].data.buffer).equals(Buffer.from(b[name].data.buffer)),
  );

/** A state as its codes and scales say. */
function decoded(saved: Saved, kind: Kind, name: string, block = BLOCK): number[] {
  const codes = saved[`optimizer/${kind}/codes/${name}`].data as Uint8Array;
  const absmax = saved[`optimizer/${kind}/absmax/${name}`].data as Float32Array;
  return Array.from(codes, (code, i) => BOOKS[kind][code] * absmax[Math.floor(i / block)]);
}

/** Asserts that a state is the nearest that eight bits can hold to `values`: the largest of a block exactly, the rest to half a code. */
function isNearest(
  t: ExecutionContext,
  state: number[],
  values: number[],
  kind: Kind,
  what: string,
  size = BLOCK,
): void {
  const scales = Array.from({ length: Math.ceil(values.length / size) }, (_, block) =>
    Math.max(...values.slice(block * size, (block + 1) * size).map(Math.abs)),
  );
  const faults = values.flatMap((value, i) => {
    const scale = scales[Math.floor(i / size)];
    if (scale === 0) return state[i] === 0 ? [] : [i];
    const best = smallestDistance(value / scale, BOOKS[kind]);
    return Math.abs(state[i] - value) / scale <= best + 1e-5 ? [] : [i];
  });
  t.deepEqual(
    faults.map((i) => [i, state[i], values[i]]),
    [],
    what,
  );
}

const cases: [string, Record<string, unknown>, Kind[]][] = [
  ['SGD with momentum', { name: 'sgd' }, ['momentum']],
  ['SGD, Nesterov, decay, clipping', { name: 'sgd', nesterov: true, weightDecay: 0.1, clipNorm: 5 }, ['momentum']],
  ['Adam', { name: 'adam', weightDecay: 0.1, epsilon: 1e-4 }, ['mean', 'square']],
  ['AdamW', { name: 'adamw', weightDecay: 0.3, beta2: 0.95 }, ['mean', 'square']],
  ['LARS', { name: 'lars', weightDecay: 0.01, trust: 0.1 }, ['momentum']],
];

for (const [title, fields, kinds] of cases) {
  for (const [block, piece] of [
    [256, 4 * 256],
    [2048, 2048],
  ])
    test(`${title}, blocks of ${block}: each step is the formula's, from what eight bits kept of the states`, async (t) => {
      await withSession(async (session) => {
        // Five pieces of four blocks, or three of one; the last one is short.
        const { options, run } = await train(session, { ...fields, stateBits: 8, stateBlock: block }, piece);
        let before = await session.save();
        for (let step = 0; step < STEPS; step++) {
          await run(step);
          const after = await session.save();
          for (const name of CODED) {
            const zeros = SHAPES[name].length > 1 ? 25 * 200 : 5000;
            const weight: PlainWeight = {
              values: plain(before[name]),
              decays: SHAPES[name].length > 1,
              momentum: new Array(zeros).fill(0),
              mean: new Array(zeros).fill(0),
              square: new Array(zeros).fill(0),
              ...Object.fromEntries(kinds.map((kind) => [kind, decoded(before, kind, name, block)])),
            };
            plainUpdate(weight, plain(gradientOf(name, step)), 0.1 / (1 + step), step, options);
            close(t, plain(after[name]), weight.values, 2e-6, `${name} after step ${step}`);
            for (const kind of kinds) {
              isNearest(
                t,
                decoded(after, kind, name, block),
                weight[kind],
                kind,
                `${kind} of ${name} after step ${step}`,
                block,
              );
            }
          }
          before = after;
        }
      });
    });

  test(`${title}: small weights and those of keep32 go the 32-bit way, bit for bit`, async (t) => {
    const weights = async (more: Record<string, unknown>) =>
      withSession(async (session) => {
        const { run, optimizer } = await train(session, { ...fields, ...more });
        for (let step = 0; step < STEPS; step++) await run(step);
        return { saved: await session.save(), states: optimizer.states };
      });
    const wide = await weights({});
    const mixed = await weights({ stateBits: 8, keep32: ['*/vec*'] });
    const shared = Object.keys(wide.saved).filter((name) => name in mixed.saved);
    t.is(shared.length, 3 + 2 * kinds.length);
    const pick = (saved: Saved) => Object.fromEntries(shared.map((name) => [name, saved[name]]));
    t.deepEqual(differing(pick(wide.saved), pick(mixed.saved)), ['net/matrix']);
    const names = kinds.flatMap((kind) => [
      `optimizer/${kind}/net/vector`,
      `optimizer/${kind}/net/small`,
      `optimizer/${kind}/codes/net/matrix`,
      `optimizer/${kind}/absmax/net/matrix`,
    ]);
    t.deepEqual(mixed.states.map(({ name }) => name).sort(), names.sort());
  });

  test(`${title}: the size of the pieces changes no bit`, async (t) => {
    const weights = async (pieceValues?: number) =>
      withSession(async (session) => {
        const { run } = await train(session, { ...fields, stateBits: 8 }, pieceValues);
        for (let step = 0; step < 3; step++) await run(step);
        return session.save();
      });
    const whole = await weights();
    t.deepEqual(differing(await weights(BLOCK), whole), []);
    t.deepEqual(differing(await weights(7 * BLOCK), whole), []);
  });
}

test('the first momentum is the gradient', async (t) => {
  await withSession(async (session) => {
    const { run } = await train(session, { name: 'sgd', stateBits: 8 });
    await run(0);
    const saved = await session.save();
    for (const name of CODED) {
      isNearest(t, decoded(saved, 'momentum', name), plain(gradientOf(name, 0)), 'momentum', name);
    }
  });
});

test('a gradient that something else still needs is not overwritten', async (t) => {
  await withSession(async (session) => {
    const weight = createScope(session, 'net', 1).param('weight', [5000], 0);
    const source = session.variable('source', [5000], normalTensor([5000], 'gradient'));
    const options = optimizerOptions.parse({ name: 'sgd', stateBits: 8 });
    const optimizer = createOptimizer(createScope(session, 'optimizer', 0), [weight], options, 4 * BLOCK);
    const update = session.compile('update', ({ rate, step }: Record<string, Tensor>) => {
      const [direct, doubled] = [source.read(), tf.mul(source.read(), 2)];
      optimizer.apply([{ variable: weight, gradient: direct }], rate, step);
      optimizer.apply([{ variable: weight, gradient: doubled }], rate, step);
      return { doubled };
    });
    const expected = normalTensor([5000], 'gradient');
    const { doubled } = await update({ rate: 1, step: 0 });
    t.deepEqual((await session.save(['source'])).source, expected);
    t.deepEqual(
      doubled.data,
      (expected.data as Float32Array).map((value) => 2 * value),
    );
  });
});

test('a refused step changes neither weights nor 8-bit states', async (t) => {
  await withSession(async (session) => {
    const weight = createScope(session, 'net', 1).param('weight', [5000], 0);
    const options = optimizerOptions.parse({ stateBits: 8 });
    const optimizer = createOptimizer(createScope(session, 'optimizer', 0), [weight], options, 4 * BLOCK);
    const update = session.compile('update', ({ gradient, rate, step }: Record<string, Tensor>) => {
      requireFinite({ gradient });
      optimizer.apply([{ variable: weight, gradient }], rate, step);
      return {};
    });
    const gradient = normalTensor([5000], 'gradient');
    await update({ gradient, rate: 0.1, step: 0 });
    const before = await session.save();
    (gradient.data as Float32Array)[4321] = Number.NaN;
    await t.throwsAsync(() => update({ gradient, rate: 0.1, step: 1 }), { instanceOf: NotFiniteError });
    t.deepEqual(differing(await session.save(), before), []);
  });
});

test('a pattern of keep32 that names no weight is refused with the names there are', async (t) => {
  await withSession((session) => {
    const trained = [createScope(session, 'net', 1).param('layer.1/weight', [2, 2], 0)];
    const create = (keep32: string[], stateBits = 8) =>
      createOptimizer(
        createScope(session, `${stateBits}${keep32}`, 0),
        trained,
        optimizerOptions.parse({ stateBits, keep32 }),
      );
    t.throws(() => create(['*classifer*']), {
      instanceOf: UserError,
      message: /'\*classifer\*'.*'net\/layer\.1\/weight'/,
    });
    // A dot stands for itself, and the whole name must fit.
    t.throws(() => create(['net/layer?1*']), { instanceOf: UserError });
    t.throws(() => create(['layer*']), { instanceOf: UserError });
    t.notThrows(() => create(['*layer.1*', 'net/*']));
    t.throws(() => create(['net/*'], 32), { message: /has no effect with stateBits: 32/ });
  });
});
