import test from 'ava';
import { differentiate } from '../../../src/engine/autodiff.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { type HostTensor, int32 } from '../../../src/host-tensor.js';
import type { Layer } from '../../../src/nn/layer.js';
import { maskTime, stridedPass } from '../../../src/nn/pass.js';
import { checkpointedSum } from '../../../src/nn/recompute/checkpointed-sum.js';
import { createScope, type Scope } from '../../../src/nn/scope.js';
import { close } from '../../helpers/close.js';
import { noisyBlock, smallBlock } from '../../helpers/networks/small-blocks.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

const CHANNELS = 3;
const plain = (tensor: HostTensor) => tensor.data as Float32Array;

type Make = (scope: Scope) => Layer[];

/** Gradients, loss and statistics of one step, and its profile. */
function run(make: Make, stored: boolean, size = 6) {
  return withSession(async (session) => {
    const scope = createScope(session, 'net', 1);
    const layer = checkpointedSum(make(scope), { stored });
    const step = session.compile('step', ({ x, lengths }: Record<string, Tensor>) => {
      const { loss, gradients } = differentiate(() => {
        // Lengths made here, as a strided layer before would: they must be there in the backward pass too.
        const pass = stridedPass({ training: true, lengths }, 2);
        const y = layer(tf.mul(x, 2), pass);
        return { loss: tf.mean(tf.square(tf.add(y, 0.5))), aux: {} };
      }, scope.params());
      return { loss, ...Object.fromEntries(gradients.map((one) => [one.variable.name, one.gradient])) };
    });
    const inputs = {
      x: normalTensor([2, size, size, CHANNELS], 'x'),
      lengths: int32([2 * size, 4]),
      step: 3,
    };
    const outputs: Record<string, HostTensor> = await step(inputs);
    const statistics = await session.save(scope.buffers().map(({ name }) => name));
    return { outputs, statistics, profile: await step.measure(inputs) };
  });
}

const cases: Record<string, Make> = {
  'three branches of masked maps': (scope) =>
    [0, 1, 2].map((i): Layer => {
      const block = smallBlock(scope.child(i), CHANNELS);
      return (x, pass) => block(maskTime(x, pass), pass);
    }),
  'branches with random draws': (scope) => [0, 1].map((i) => noisyBlock(scope.child(i), CHANNELS)),
  'two branches that share their weights': (scope) => {
    const block = smallBlock(scope, CHANNELS);
    return [block, (x, pass) => block(tf.square(x), pass)];
  },
};

for (const [name, make] of Object.entries(cases)) {
  test(`${name}: loss, gradients and statistics are those of the plain sum`, async (t) => {
    const [kept, again] = [await run(make, true), await run(make, false)];
    t.deepEqual(Object.keys(again.outputs), Object.keys(kept.outputs));
    for (const [key, value] of Object.entries(kept.outputs))
      close(t, plain(again.outputs[key]), plain(value), 1e-5, key);
    for (const [key, value] of Object.entries(kept.statistics))
      close(t, plain(again.statistics[key]), plain(value), 1e-6, key);
  });
}

test('six branches need hardly more memory than two', async (t) => {
  const branches = (count: number) => (scope: Scope) =>
    Array.from({ length: count }, (_, i) => smallBlock(scope.child(i), CHANNELS));
  const peak = async (count: number, stored: boolean) => (await run(branches(count), stored, 64)).profile.peakBytes;
  const [few, many] = [await peak(2, false), await peak(6, false)];
  t.true(many < 1.1 * few, `${few}, then ${many}`);
  t.true((await peak(6, true)) > 2 * many, 'where the plain sum keeps all');
});
