import test from 'ava';
import { type Tensor, tf } from '../../src/engine/tf.js';
import type { HostTensor } from '../../src/host-tensor.js';
import { createScope } from '../../src/nn/scope.js';
import { createOptimizer, optimizerOptions } from '../../src/optim/optimizer.js';
import { close } from '../helpers/close.js';
import { plainUpdate, plainWeight } from '../helpers/oracles/optimizer.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const plain = (tensor: HostTensor) => tensor.data as Float32Array;

const cases: [string, Record<string, unknown>][] = [
  ['SGD without momentum', { name: 'sgd', momentum: 0 }],
  ['SGD with momentum', { name: 'sgd' }],
  ['SGD with Nesterov momentum', { name: 'sgd', nesterov: true }],
  ['SGD with weight decay', { name: 'sgd', weightDecay: 0.3 }],
  ['SGD with clipped gradients and weight decay', { name: 'sgd', nesterov: true, weightDecay: 0.3, clipNorm: 1.5 }],
  ['Adam', { name: 'adam' }],
  ['Adam with other options', { name: 'adam', beta1: 0.8, beta2: 0.95, epsilon: 0.1 }],
  ['Adam with weight decay in the gradient', { name: 'adam', weightDecay: 0.3 }],
  ['AdamW', { name: 'adamw', weightDecay: 0.3 }],
  ['LARS', { name: 'lars' }],
  ['LARS with weight decay and another trust', { name: 'lars', weightDecay: 0.3, trust: 0.2, momentum: 0.5 }],
  ['LARS with clipped gradients', { name: 'lars', weightDecay: 0.01, trust: 0.1, clipNorm: 0.5 }],
  ['AdamW with clipped gradients', { name: 'adamw', weightDecay: 0.1, epsilon: 0.01, clipNorm: 0.5 }],
];

for (const [title, fields] of cases) {
  test(`${title}: six steps agree with the formula`, async (t) => {
    const options = optimizerOptions.parse(fields);
    await withSession(async (session) => {
      const scope = createScope(session, 'net', 1);
      const trained = [scope.param('weight', [3, 4], 0), scope.param('bias', [4], 0)];
      await session.load({ 'net/weight': normalTensor([3, 4], 'w'), 'net/bias': normalTensor([4], 'b') });
      const optimizer = createOptimizer(createScope(session, 'optimizer', 0), trained, options);
      const update = session.compile('update', ({ rate, step, ...gradients }: Record<string, Tensor>) => {
        const pairs = trained.map((variable) => ({ variable, gradient: gradients[variable.name] }));
        optimizer.apply(pairs, rate, step);
        return {};
      });
      const start = await session.save();
      const weights = trained.map(({ name, shape }) => plainWeight([...plain(start[name])], shape.length > 1));
      for (let step = 0; step < 6; step++) {
        // The first gradients are short enough to pass unclipped.
        const rate = 0.1 / (1 + step);
        const gradients = trained.map(({ name, shape }) =>
          normalTensor(shape, `${name}${step}`, step === 0 ? 0.05 : 2),
        );
        const fed = Object.fromEntries(trained.map(({ name }, i) => [name, gradients[i]]));
        await update({ ...fed, rate, step });
        const saved = await session.save();
        for (const [i, { name }] of trained.entries()) {
          plainUpdate(weights[i], [...plain(gradients[i])], rate, step, options);
          close(t, plain(saved[name]), weights[i].values, 1e-5, `${name} after step ${step}`);
        }
      }
    });
  });
}

test('clipping looks at each weight by itself, and leaves a gradient of zeros alone', async (t) => {
  await withSession(async (session) => {
    const scope = createScope(session, 'net', 1);
    const trained = ['long', 'short', 'zero'].map((name) => scope.param(name, [2, 1], 0));
    const options = optimizerOptions.parse({ name: 'sgd', momentum: 0, clipNorm: 1 });
    const optimizer = createOptimizer(createScope(session, 'optimizer', 0), trained, options);
    const update = session.compile('update', ({ rate, step }: Record<string, Tensor>) => {
      const all = tf.tensor2d([30, 0.3, 0, 40, 0.4, 0], [2, 3]);
      const gradients = tf.split(all, 3, 1).map((gradient, i) => ({ variable: trained[i], gradient }));
      optimizer.apply(gradients, rate, step);
      return {};
    });
    await update({ rate: 1, step: 0 });
    const saved = await session.save();
    close(t, plain(saved['net/long']), [-0.6, -0.8], 1e-6);
    close(t, plain(saved['net/short']), [-0.3, -0.4], 1e-6);
    t.deepEqual([...plain(saved['net/zero'])], [0, 0]);
  });
});

test('LARS takes plain steps where the weight or its gradient is all zeros', async (t) => {
  await withSession(async (session) => {
    const scope = createScope(session, 'net', 1);
    const trained = [scope.param('zero', [2, 1], 0), scope.param('still', [2, 1], 3)];
    const options = optimizerOptions.parse({ name: 'lars', momentum: 0, weightDecay: 0.1 });
    const optimizer = createOptimizer(createScope(session, 'optimizer', 0), trained, options);
    const update = session.compile('update', ({ rate, step }: Record<string, Tensor>) => {
      const gradients = [tf.tensor2d([1, 2], [2, 1]), tf.zeros([2, 1])];
      optimizer.apply(
        gradients.map((gradient, i) => ({ variable: trained[i], gradient })),
        rate,
        step,
      );
      return {};
    });
    await update({ rate: 0.5, step: 0 });
    const saved = await session.save();
    close(t, plain(saved['net/zero']), [-0.5, -1], 1e-6);
    close(t, plain(saved['net/still']), [3 - 0.5 * 0.3, 3 - 0.5 * 0.3], 1e-6);
  });
});

test('the state lies beside the weights, under their names', async (t) => {
  await withSession((session) => {
    const trained = [createScope(session, 'net', 1).param('weight', [2, 2], 0)];
    createOptimizer(createScope(session, 'a', 0), trained, optimizerOptions.parse({ name: 'sgd' }));
    const { states } = createOptimizer(createScope(session, 'b', 0), trained, optimizerOptions.parse({}));
    t.deepEqual(
      states.map(({ name }) => name),
      ['b/mean/net/weight', 'b/square/net/weight'],
    );
    t.deepEqual(
      [...session.variables.keys()],
      ['net/weight', 'a/momentum/net/weight', 'b/mean/net/weight', 'b/square/net/weight'],
    );
  });
});
