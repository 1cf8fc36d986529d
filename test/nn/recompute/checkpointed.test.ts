import test from 'ava';
import { differentiate } from '../../../src/engine/autodiff.js';
import type { Session } from '../../../src/engine/session/session.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import type { Layer } from '../../../src/nn/layer.js';
import { checkpointed } from '../../../src/nn/recompute/checkpointed.js';
import { createScope } from '../../../src/nn/scope.js';
import { close } from '../../helpers/close.js';
import { checkVariableGradients } from '../../helpers/finite-differences.js';
import { noisyBlock, smallBlock } from '../../helpers/networks/small-blocks.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

const PASS = { training: true };
const CHANNELS = 4;
const x = normalTensor([2, 9, 8, CHANNELS], 'x');
const plain = (tensor: HostTensor) => tensor.data as Float32Array;

/** Gradients of a chain of blocks, running statistics after one step, and the step's profile. */
function chain(wrap: (layer: Layer) => Layer, { blocks = 3, input = x, make = smallBlock } = {}) {
  return withSession(async (session: Session) => {
    const scope = createScope(session, 'net', 1);
    const layers = Array.from({ length: blocks }, (_, i) => wrap(make(scope.child(i), CHANNELS)));
    const step = session.compile('step', ({ x }: Record<string, Tensor>) => {
      const { loss, gradients } = differentiate(() => {
        const y = layers.reduce((at, layer) => tf.add(at, layer(at, PASS)), x);
        return { loss: tf.mean(tf.square(tf.add(y, 0.3))), aux: {} };
      }, scope.params());
      const named = gradients.map(({ variable, gradient }) => [variable.name, gradient]);
      return Object.fromEntries([['loss', loss], ...named]) as Record<string, Tensor>;
    });
    const outputs = await step({ x: input, step: 3 });
    const statistics = await session.save(scope.buffers().map(({ name }) => name));
    return { outputs, statistics, profile: await step.measure({ x: input, step: 3 }) };
  });
}

for (const [name, make] of [
  ['smooth', smallBlock],
  ['noisy', noisyBlock],
] as const) {
  test(`${name} blocks: gradients and statistics are those of the plain network`, async (t) => {
    const kept = await chain((layer) => layer, { make });
    const again = await chain(checkpointed, { make });
    for (const [key, value] of Object.entries(kept.outputs))
      close(t, plain(again.outputs[key]), plain(value), 1e-6, key);
    t.deepEqual(again.statistics, kept.statistics);
  });
}

test('checkpoints within checkpoints', async (t) => {
  const kept = await chain((layer) => layer);
  const again = await chain((layer) => {
    const inner = checkpointed(layer);
    return checkpointed((at, pass) => tf.mul(inner(tf.mul(at, 1), pass), 1));
  });
  for (const [key, value] of Object.entries(kept.outputs)) close(t, plain(again.outputs[key]), plain(value), 1e-6, key);
});

test('gradients by finite differences', async (t) => {
  await withSession(async (session) => {
    const scope = createScope(session, 'net', 1);
    const layer = checkpointed(smallBlock(scope, CHANNELS));
    await checkVariableGradients(
      t,
      session,
      scope.params(),
      { x: normalTensor([1, 5, 4, CHANNELS], 'small') },
      ({ x }) => tf.square(layer(x, PASS)),
    );
  });
});

test('each further block keeps its input, not its insides', async (t) => {
  const input = normalTensor([4, 40, 32, CHANNELS], 'large');
  const peak = async (wrap: (layer: Layer) => Layer, blocks: number) =>
    (await chain(wrap, { blocks, input })).profile.peakBytes;
  const growth = async (wrap: (layer: Layer) => Layer) => ((await peak(wrap, 12)) - (await peak(wrap, 4))) / 8;
  const map = input.data.byteLength;
  // A plain block keeps three maps: what each convolution and the normalisation read.
  t.true((await growth((layer) => layer)) > 2.8 * map);
  t.true((await growth(checkpointed)) < 1.2 * map);
});
