import test from 'ava';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { UserError } from '../../src/errors.js';
import { type HostTensor, int32 } from '../../src/host-tensor.js';
import { countingScope } from '../../src/nn/counting-scope.js';
import { createScope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import { liveIn } from '../helpers/networks/backbone-session.js';
import { poolingOf } from '../helpers/networks/pooling-of.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const [BATCH, FRAMES, CHANNELS] = [3, 7, 4];
const SHAPE = [BATCH, FRAMES, CHANNELS];
const ROW = FRAMES * CHANNELS;
const plain = (tensor: HostTensor) => tensor.data as Float32Array;

const kinds: [string, Record<string, unknown>, number][] = [
  ['tap', {}, 4],
  ['tsdp', {}, 4],
  ['tstp', {}, 8],
  ['astp', { bottleneck: 5 }, 8],
  ['astp', { bottleneck: 5, globalContext: true }, 8],
  ['astp', { bottleneck: 5, norm: true }, 8],
  ['mhastp', { bottleneck: 3 }, 8],
  ['mhastp', { heads: 4, bottleneck: 3, layers: 3, perChannel: true }, 8],
  ['mhastp', { heads: 1, layers: 1 }, 8],
  ['mqmhastp', { heads: 2, bottleneck: 3 }, 16],
];

for (const [name, options, size] of kinds) {
  const title = [name, ...Object.entries(options).map(([key, value]) => `${key} ${value}`)].join(', ');
  for (const lengths of [undefined, [7, 3, 4]]) {
    test(`gradients of ${title}${lengths ? ' of padded rows' : ''}`, async (t) => {
      const build = await poolingOf(name, options);
      await withSession(async (session) => {
        const x = session.variable('x', SHAPE, normalTensor(SHAPE, 'x'));
        const scope = createScope(session, 'pooling', 1);
        const pooling = build(scope, CHANNELS);
        const inputs: Record<string, HostTensor> = lengths ? { lengths: int32(lengths) } : {};
        const forward = ({ lengths }: Record<string, Tensor>) => pooling.pool(x.read(), { training: true, lengths });
        await checkVariableGradients(t, session, [x, ...scope.params()], inputs, forward);
      });
    });
  }

  test(`${title}: nothing beyond a row's length counts`, async (t) => {
    const lengths = [7, 1, 4];
    const build = await poolingOf(name, options);
    await withSession(async (session) => {
      const scope = createScope(session, 'pooling', 1);
      const pooling = build(scope, CHANNELS);
      await liveIn(session, scope);
      t.is(pooling.size, size);
      const pass = { training: false };
      const run = session.compile('run', ({ x, counts }: Record<string, Tensor>) => {
        const alone = lengths.map((frames, row) => pooling.pool(tf.slice(x, [row, 0, 0], [1, frames, CHANNELS]), pass));
        const padded = (map: Tensor) => pooling.pool(map, { ...pass, lengths: counts });
        return { alone: tf.concat(alone, 0), padded: padded(x), gradient: tf.grad(padded)(x) };
      });
      const result = await run({ x: normalTensor(SHAPE, 'x', 3), counts: int32(lengths) });
      t.deepEqual(result.padded.shape, [BATCH, size]);
      close(t, plain(result.padded), plain(result.alone), 1e-5);
      lengths.forEach((frames, row) => {
        const beyond = plain(result.gradient).subarray(row * ROW + frames * CHANNELS, (row + 1) * ROW);
        t.true(beyond.every((value) => value === 0));
      });
    });
  });

  test(`${title}: float32 statistics of a bfloat16 map`, async (t) => {
    const build = await poolingOf(name, options);
    const x = normalTensor(SHAPE, 'x', 3);
    const pooled = (compute: 'float32' | 'bfloat16') =>
      withSession(
        async (session) => {
          const pooling = build(createScope(session, 'pooling', 1), CHANNELS);
          const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({
            y: pooling.pool(x, { training: false }),
          }));
          return plain((await run({ x })).y);
        },
        { compute },
      );
    const [wide, narrow] = [await pooled('float32'), await pooled('bfloat16')];
    t.true(Math.hypot(...wide.map((value, i) => narrow[i] - value)) < 0.02 * Math.hypot(...wide));
  });
}

test('parameters follow from the layers', async (t) => {
  const count = async (name: string, channels: number, options: Record<string, unknown> = {}) => {
    const { scope, count } = countingScope();
    (await poolingOf(name, options))(scope, channels);
    return count();
  };
  const c = 24;
  t.deepEqual(await Promise.all(['tap', 'tsdp', 'tstp'].map((name) => count(name, c))), [0, 0, 0]);
  t.is(await count('astp', c), (c + 1) * 128 + (128 + 1) * c);
  t.is(await count('astp', c, { globalContext: true }), (3 * c + 1) * 128 + (128 + 1) * c);
  t.is(await count('astp', c, { norm: true }), (c + 1) * 128 + 2 * 128 + (128 + 1) * c);
  t.is(await count('mhastp', c), 2 * ((c / 2 + 1) * 64 + (64 + 1)));
  t.is(await count('mqmhastp', c), 2 * 8 * ((c / 8 + 1) * 64 + (64 + 1) * (c / 8)));
});

test("channels that the heads cannot share are the user's to mend", async (t) => {
  const build = await poolingOf('mhastp', { heads: 3 });
  const error = t.throws(() => build(countingScope().scope, 8), { instanceOf: UserError });
  t.regex(error.message, /8 channels .* 3 heads/);
});
