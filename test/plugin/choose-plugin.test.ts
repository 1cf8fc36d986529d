import test from 'ava';
import { builtIns } from '../../src/builtins.js';
import { UserError } from '../../src/errors.js';
import { createRegistry } from '../../src/pipeline/registry/registry.js';
import { choosePlugin } from '../../src/plugin/choose-plugin.js';
import { asWritten } from '../../src/plugin/options.js';

const registry = createRegistry(builtIns);
const chosen = (name: string, options: Record<string, unknown>) => choosePlugin(registry, 'backbone', name, options);

test('options are parsed outside a config, plugins chosen in them too', async (t) => {
  const { name, options } = await chosen('ecapa-512', { width: 64, pooling: { name: 'mhastp', heads: 4 } });
  t.is(name, 'ecapa-512');
  t.like(options, { width: 64, embeddingSize: 192, checkpointing: false });
  t.like((options as { pooling: object }).pooling, {
    kind: 'pooling',
    name: 'mhastp',
    options: { heads: 4, layers: 2, bottleneck: 64, perChannel: false },
  });
});

test('options alone are options of the fallback, on top of its own', async (t) => {
  const pooling = async (name: string, given?: unknown) => {
    const { options } = await chosen(name, given === undefined ? {} : { pooling: given });
    return asWritten((options as { pooling: unknown }).pooling);
  };
  const astp = { name: 'astp', bottleneck: 128, globalContext: false, norm: false, variance: 'wespeaker' };
  t.deepEqual(await pooling('ecapa-512'), astp);
  t.deepEqual(await pooling('ecapa-512-glob'), { ...astp, globalContext: true });
  t.deepEqual(await pooling('ecapa-512-glob', { bottleneck: 8 }), { ...astp, bottleneck: 8, globalContext: true });
  t.deepEqual(await pooling('ecapa-512-glob', 'astp'), astp);
  t.deepEqual(await pooling('ecapa-512-glob', { name: 'tap' }), { name: 'tap' });
  t.deepEqual(await pooling('tdnn'), { ...astp, norm: true });
});

test('what is written and parsed again is the same', async (t) => {
  for (const name of ['tdnn', 'ecapa-512-glob', 'campplus', 'repvgg-a0', 'xvector']) {
    const { options } = await chosen(name, { pooling: { name: 'mqmhastp', queries: 3 } });
    const written = JSON.parse(JSON.stringify(asWritten(options)));
    t.deepEqual((await chosen(name, written)).options, options, name);
  }
});

test('every fault is told, with the near names', async (t) => {
  const message = async (name: string, options: Record<string, unknown>) =>
    (await t.throwsAsync(chosen(name, options), { instanceOf: UserError })).message;
  t.is(await message('ecappa-512', {}), "There is no backbone plugin 'ecappa-512'; did you mean 'ecapa-512'?");
  t.is(
    await message('ecapa-512', { pooling: 'asp' }),
    "backbone 'ecapa-512': 'pooling' names 'asp', but no plugin of kind 'pooling' has that name; did you mean 'astp'?",
  );
  t.is(
    await message('ecapa-512', { width: 12, widht: 3, pooling: { name: 'astp', bottlneck: 4 } }),
    "backbone 'ecapa-512': 'width' must be a multiple of 8, but is 12; " +
      "unknown key 'widht' in backbone 'ecapa-512'; did you mean 'width'?; " +
      "unknown key 'bottlneck' in 'pooling' of backbone 'ecapa-512'; did you mean 'bottleneck'?",
  );
});
