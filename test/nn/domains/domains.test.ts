import test from 'ava';
import { differentiate } from '../../../src/engine/autodiff.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import { convLayer } from '../../../src/nn/conv.js';
import { isAdapter, withAdapters } from '../../../src/nn/domains/adapters.js';
import { withOwnNorms } from '../../../src/nn/domains/own-norms.js';
import { createScope } from '../../../src/nn/scope.js';
import { close } from '../../helpers/close.js';
import { liveIn } from '../../helpers/networks/backbone-session.js';
import { backboneOf } from '../../helpers/networks/build-backbone.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';
import { plain } from '../../helpers/training/open-loss.js';

const BINS = 8;
const inner = { name: 'resnet18', width: 2, embeddingSize: 4 };

test('a network with adapters starts as it is without them, to the bit', async (t) => {
  const [bare, adapted] = [
    await backboneOf(inner.name, { width: inner.width, embeddingSize: inner.embeddingSize }, BINS),
    await backboneOf('adapted', { of: inner, rank: 2 }, BINS),
  ];
  await withSession(async (session) => {
    const scopes = ['bare', 'adapted'].map((name) => createScope(session, name, 1));
    const networks = [bare(scopes[0]), adapted(scopes[1])];
    const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({
      a: networks[0].embed(x, { training: false }),
      b: networks[1].embed(x, { training: false }),
    }));
    const { a, b } = await run({ x: normalTensor([2, 20, BINS], 'x') });
    t.deepEqual([...plain(b)], [...plain(a)]);
    t.deepEqual(networks[1].layers, networks[0].layers);
    const names = scopes[1].params().map(({ name }) => name.slice('adapted/'.length));
    t.deepEqual(
      names.filter((name) => !isAdapter(name)),
      scopes[0].params().map(({ name }) => name.slice('bare/'.length)),
    );
    t.true(names.filter(isAdapter).length >= 2);
  });
});

test('an adapter adds a 1x1 map through few channels to what its layer gives, strides and all', async (t) => {
  await withSession(async (session) => {
    const geometry = { inputs: 3, outputs: 5, stride: [2, 2] as [number, number] };
    const adapted = convLayer(withAdapters(createScope(session, 'adapted', 1), 2), { ...geometry, kernel: [3, 3] });
    const bare = convLayer(createScope(session, 'bare', 1), { ...geometry, kernel: [3, 3] });
    const beside = convLayer(createScope(session, 'beside', 1), { ...geometry, kernel: [1, 1] });
    const values = { down: normalTensor([3, 2], 'down'), up: normalTensor([2, 5], 'up') };
    const product = Array.from({ length: 15 }, (_, k) =>
      [0, 1].reduce(
        (sum, r) => sum + plain(values.down)[2 * Math.floor(k / 5) + r] * plain(values.up)[5 * r + (k % 5)],
        0,
      ),
    );
    await session.load({
      'adapted/adapter/down': values.down,
      'adapted/adapter/up': values.up,
      'beside/weight': { dtype: 'float32', shape: [1, 1, 3, 5], data: Float32Array.from(product) },
    });
    const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({
      a: adapted(x),
      b: tf.add(bare(x), beside(x)) as Tensor,
    }));
    const { a, b } = await run({ x: normalTensor([2, 7, 6, 3], 'x') });
    close(t, plain(a), plain(b), 1e-5, 'outputs');
  });
});

test('a second network over the same weights has running statistics, scales and offsets of its own', async (t) => {
  const build = await backboneOf(inner.name, { width: inner.width, embeddingSize: inner.embeddingSize }, BINS);
  await withSession(async (session) => {
    const [scope, own] = [createScope(session, 'network', 1), createScope(session, 'target', 1)];
    const network = build(scope);
    const before = session.variables.size;
    const target = build(withOwnNorms(scope, own));
    const local = [...own.params(), ...own.buffers()].map(({ name }) => name.slice('target/'.length));
    t.is(session.variables.size - before, local.length);
    const statistics = scope.buffers().map(({ name }) => name.slice('network/'.length));
    t.deepEqual(
      local.filter((name) => /(mean|variance)$/.test(name)),
      statistics,
    );
    t.true(local.every((name) => /\/(mean|variance|scale|offset)$/.test(name)));
    const move = session.compile('move', ({ x }: Record<string, Tensor>) => ({
      y: target.embed(x, { training: true }),
    }));
    const names = [...scope.params(), ...scope.buffers()].map(({ name }) => name);
    const started = await session.save(
      [...names, 'target/conv1/norm/mean'].filter((name) => session.variables.has(name)),
    );
    await move({ x: normalTensor([4, 20, BINS], 'x') });
    const ended = await session.save(Object.keys(started));
    for (const name of names) t.deepEqual(ended[name].data, started[name].data);
    const moved = await session.save(own.buffers().map(({ name }) => name));
    t.true(
      Object.entries(moved).some(([name, { data }]) => /mean$/.test(name) && (data as Float32Array).some(Boolean)),
    );
    t.is(target.embeddingSize, network.embeddingSize);
  });
});

test('of a reversible network, too, the gradients of adapters follow from those of the kernels by the chain rule', async (t) => {
  const build = await backboneOf('adapted', { of: { ...inner, name: 'prev-resnet34' }, rank: 2 }, BINS);
  await withSession(async (session) => {
    const scope = createScope(session, 'network', 1);
    const network = build(scope);
    await liveIn(session, scope);
    const run = session.compile('run', ({ x }: Record<string, Tensor>) => {
      const loss = () => ({ loss: tf.mean(tf.square(network.embed(x, { training: true }))) as Tensor, aux: {} });
      const { gradients } = differentiate(loss, scope.params());
      return Object.fromEntries(gradients.map(({ variable, gradient }) => [variable.name, gradient]));
    });
    const gradients: Record<string, HostTensor> = await run({ x: normalTensor([3, 16, BINS], 'x') });
    const downs = scope.params().filter(({ name }) => name.endsWith('adapter/down'));
    const values = await session.save(downs.map(({ name }) => name));
    for (const { name } of downs) {
      const [layer, up] = [name.slice(0, -'/adapter/down'.length), name.replace(/down$/, 'up')];
      const { shape, data } = gradients[`${layer}/weight`];
      const [inputs, outputs] = shape.slice(-2);
      const [height, width] = shape.length === 4 ? shape : [1, 1];
      const middle = (Math.floor((height - 1) / 2) * width + Math.floor((width - 1) / 2)) * inputs * outputs;
      const rank = values[name].shape[1];
      // The kernel's middle has down up added to it: d up = down' d middle.
      const expected = Array.from({ length: rank * outputs }, (_, k) =>
        Array.from({ length: inputs }, (_, i) => {
          const change = Number(data[middle + i * outputs + (k % outputs)]);
          return plain(values[name])[i * rank + Math.floor(k / outputs)] * change;
        }).reduce((a, b) => a + b),
      );
      close(t, plain(gradients[up]), expected, 1e-5, up);
    }
  });
});
