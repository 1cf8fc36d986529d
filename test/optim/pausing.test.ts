import test from 'ava';
import type { Tensor } from '../../src/engine/tf.js';
import type { HostTensor } from '../../src/host-tensor.js';
import { createScope } from '../../src/nn/scope.js';
import { createOptimizer, optimizerOptions } from '../../src/optim/optimizer.js';
import { close } from '../helpers/close.js';
import { plainUpdate, plainWeight } from '../helpers/oracles/optimizer.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const plain = (tensor: HostTensor) => tensor.data as Float32Array;
/** Enough values to be kept in 8 bit. */
const SHAPE = [64, 64];

async function run(options: Record<string, unknown>, learning: number[], after: (step: number, saved: Saved) => void) {
  await withSession(async (session) => {
    const scope = createScope(session, 'net', 1);
    const trained = [scope.param('pausing', SHAPE, 0), scope.param('other', SHAPE, 0)];
    await session.load(Object.fromEntries(trained.map(({ name }) => [name, normalTensor(SHAPE, name)])));
    const states = createScope(session, 'optimizer', 0);
    const optimizer = createOptimizer(states, trained, optimizerOptions.parse(options), undefined, [trained[0]]);
    const update = session.compile('update', ({ rate, step, learns, ...gradients }: Record<string, Tensor>) => {
      const pairs = trained.map((variable) => ({ variable, gradient: gradients[variable.name] }));
      optimizer.apply(pairs, rate, step, new Map([[trained[0], learns]]));
      return {};
    });
    after(-1, await session.save());
    for (const [step, learns] of learning.entries()) {
      const gradients = Object.fromEntries(trained.map(({ name }) => [name, normalTensor(SHAPE, `${name}${step}`)]));
      await update({ ...gradients, rate: 0.1, step, learns });
      after(step, await session.save());
    }
  });
}
type Saved = Record<string, HostTensor>;

const rules: Record<string, unknown>[] = [
  { name: 'sgd', weightDecay: 0.3 },
  { name: 'sgd', weightDecay: 0.3, nesterov: true, clipNorm: 5 },
  { name: 'adam', weightDecay: 0.3 },
  { name: 'adamw', weightDecay: 0.3 },
  { name: 'lars', weightDecay: 0.3, trust: 0.1 },
];

for (const rule of rules) {
  const title = Object.entries(rule).map(([name, value]) => `${name} ${value}`);
  const options = optimizerOptions.parse(rule);

  test(`${title.join(', ')}: a frozen start leaves weight and states alone, and learning begins as if it were the first step`, async (t) => {
    const weights: Record<string, ReturnType<typeof plainWeight>> = {};
    const learning = [0, 0, 1, 1, 1];
    await run(rule, learning, (step, saved) => {
      for (const name of ['net/pausing', 'net/other']) {
        weights[name] ??= plainWeight([...plain(saved[name])], true);
        if (step < 0) continue;
        // What pauses counts its own steps, which matters to Adam's correction of the bias.
        const [learns, count] = name === 'net/pausing' ? [learning[step], step - 2] : [1, step];
        const gradient = [...plain(normalTensor(SHAPE, `${name}${step}`))];
        if (learns) plainUpdate(weights[name], gradient, 0.1, count, options);
        else t.deepEqual(plain(saved[name]), Float32Array.from(weights[name].values), `${name} after step ${step}`);
        close(t, plain(saved[name]), weights[name].values, 2e-5, `${name} after step ${step}`);
      }
      if (step === 1) {
        const states = Object.keys(saved).filter((name) =>
          /^optimizer\/(momentum|mean|square)\/net\/pausing/.test(name),
        );
        t.true(states.length > 0);
        for (const name of states) t.true(plain(saved[name]).every((value) => value === 0));
      }
    });
  });

  for (const stateBits of [32, 8]) {
    test(`${title.join(', ')}, ${stateBits} bits: a pause in the middle of training is a stand-still to the bit`, async (t) => {
      let last: Saved = {};
      const learning = [1, 1, 0, 0, 1];
      await run({ ...rule, stateBits }, learning, (step, saved) => {
        if (step >= 0) {
          const moved = plain(saved['net/pausing']).some((value, i) => value !== plain(last['net/pausing'])[i]);
          t.is(moved, learning[step] === 1, `step ${step}`);
          t.notDeepEqual(saved['net/other'], last['net/other']);
        }
        last = saved;
      });
      t.is(plain(last['optimizer/steps/net/pausing'])[0], 3);
    });
  }
}
