import test from 'ava';
import type { Tensor } from '../../src/engine/tf.js';
import { UserError } from '../../src/errors.js';
import { countingScope } from '../../src/nn/counting-scope.js';
import { createScope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { plain } from '../helpers/training/open-loss.js';

test('its layers have the inputs and outputs of the published table, at kernels of five frames', async (t) => {
  const counting = countingScope();
  (await backboneOf('pacnet', {}, 140))(counting.scope);
  const sizes = [...counting.shapes()].flatMap(([name, shape]) =>
    name.endsWith('conv/weight')
      ? [[name.slice(0, -'/conv/weight'.length), shape[1], shape[2], shape[3]].join(' ')]
      : [],
  );
  const stem = (name: string, first: number, next: number, outputs: number) =>
    [1, 2, 3, 4].map((layer) => `${name}/layer${layer} 5 ${layer === 1 ? first : next} ${outputs}`);
  t.deepEqual(sizes.sort(), [
    ...stem('acoustic', 40, 512, 512),
    ...stem('coupled', 140, 2048, 1024),
    'layer5 5 2048 1024',
    ...stem('phonetic', 100, 512, 512),
  ]);
  t.deepEqual(counting.shapes().get('embedding/weight'), [1024, 1000]);
  const tooFew = await backboneOf('pacnet', {}, 40);
  t.throws(() => tooFew(countingScope().scope), {
    instanceOf: UserError,
    message: /40 bins, and the first 40 are acoustic/,
  });
});

test('the acoustic stem hears the first bins alone, the phonetic one the others, and an embedding does not depend on padding', async (t) => {
  const build = await backboneOf('pacnet', { acousticBins: 4, width: 3, embeddingSize: 5 }, 10);
  await withSession(async (session) => {
    const scope = createScope(session, 'network', 1);
    const { embed } = build(scope);
    const weights = await session.save(scope.params().map(({ name }) => name));
    // Without the coupled stem's own outputs in layer 5, what is left are the other two.
    const last = 'network/layer5/conv/weight';
    const silenced = { ...weights[last], data: Float32Array.from(plain(weights[last])) };
    const [, , inputs, outputs] = silenced.shape;
    silenced.data.forEach((_, k) => {
      const input = Math.floor(k / outputs) % inputs;
      // Coupled: 6 channels, acoustic: 3, phonetic: 3.
      if (input < 9) silenced.data[k] = 0;
    });
    const run = session.compile('run', ({ x, lengths }: Record<string, Tensor>) => ({
      y: embed(x, { training: false, ...(lengths && { lengths }) }),
    }));
    const x = normalTensor([1, 20, 10], 'x');
    const louder = { ...x, data: Float32Array.from(plain(x), (value, k) => (k % 10 < 4 ? 3 * value : value)) };
    const padded = {
      ...x,
      shape: [1, 30, 10],
      data: Float32Array.from({ length: 300 }, (_, k) => (k < 200 ? plain(x)[k] : 0)),
    };
    const lengths = { dtype: 'int32' as const, shape: [1], data: Int32Array.of(20) };
    close(t, plain((await run({ x: padded, lengths })).y), plain((await run({ x })).y), 1e-5, 'padded');
    t.notDeepEqual([...plain((await run({ x: louder })).y)], [...plain((await run({ x })).y)]);
    await session.load({ [last]: silenced });
    t.deepEqual([...plain((await run({ x: louder })).y)], [...plain((await run({ x })).y)]);
  });
});
