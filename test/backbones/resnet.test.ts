import test from 'ava';
import { differentiate } from '../../src/engine/autodiff.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { type HostTensor, int32 } from '../../src/host-tensor.js';
import { countingScope } from '../../src/nn/counting-scope.js';
import { createScope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { testBackbone } from '../helpers/networks/backbone-tests.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

testBackbone('resnet18', { width: 2 });
testBackbone('resnet50', { width: 2 });

/** At 80 and at 40 bins, 256 dimensions: arithmetic from the layer tables. */
const PARAMETERS: Record<string, [number, number]> = {
  resnet18: [4_105_440, 3_450_080],
  resnet34: [6_634_336, 5_978_976],
  resnet50: [11_131_360, 8_509_920],
  resnet101: [15_892_448, 13_271_008],
  resnet152: [19_814_880, 17_193_440],
  resnet221: [23_792_224, 21_170_784],
  resnet293: [28_626_016, 26_004_576],
  rvector: [6_634_336, 5_978_976],
};

for (const [name, counts] of Object.entries(PARAMETERS)) {
  test(`${name} has the published number of parameters`, async (t) => {
    for (const [i, bins] of [80, 40].entries()) {
      const { scope, count } = countingScope();
      const { embeddingSize, minFrames } = (await backboneOf(name, {}, bins))(scope);
      t.is(embeddingSize, 256);
      t.is(minFrames, 8);
      t.is(count(), counts[i], `${bins} bins`);
    }
  });
}

test('names and shapes of a basic and a bottleneck block', async (t) => {
  const shapesOf = async (name: string) => {
    const { scope, shapes } = countingScope();
    (await backboneOf(name))(scope);
    const within = [...shapes()].filter(([path]) => path.startsWith('stage2/block1/') && path.endsWith('weight'));
    return Object.fromEntries(within.map(([path, shape]) => [path.slice('stage2/block1/'.length), shape]));
  };
  t.deepEqual(await shapesOf('resnet34'), {
    'conv1/weight': [3, 3, 32, 64],
    'conv2/weight': [3, 3, 64, 64],
    'shortcut/conv/weight': [1, 1, 32, 64],
  });
  t.deepEqual(await shapesOf('resnet50'), {
    'conv1/weight': [1, 1, 128, 64],
    'conv2/weight': [3, 3, 64, 64],
    'conv3/weight': [1, 1, 64, 256],
    'shortcut/conv/weight': [1, 1, 128, 256],
  });
});

test('a checkpointed network learns the same from rows that were padded', async (t) => {
  const gradients = async (checkpointing: boolean): Promise<Record<string, HostTensor>> => {
    const build = await backboneOf('resnet18', { width: 2, embeddingSize: 6, checkpointing }, 20);
    return withSession((session) => {
      const scope = createScope(session, 'network', 1);
      const backbone = build(scope);
      const step = session.compile('step', ({ features, lengths }: Record<string, Tensor>) => {
        const result = differentiate(() => {
          const vectors = backbone.embed(features, { training: true, lengths });
          return { loss: tf.mean(tf.square(vectors)), aux: {} };
        }, scope.params());
        return Object.fromEntries(result.gradients.map(({ variable, gradient }) => [variable.name, gradient]));
      });
      return step({ features: normalTensor([2, 35, 20], 'x'), lengths: int32([35, 22]) });
    });
  };
  const [kept, again] = [await gradients(false), await gradients(true)];
  for (const [name, { data }] of Object.entries(kept))
    close(t, again[name].data as Float32Array, data as Float32Array, 1e-4, name);
});

// Each number is a training step of its own, and a df-resnet56 has the most blocks.
for (const [name, steps] of Object.entries({ resnet34: [1, 3, 100], 'df-resnet56': [3] })) {
  test(`${name}: inputs kept every k blocks change no gradient; more blocks, fewer bytes`, async (t) => {
    const run = async (checkpointing: boolean | number) => {
      const build = await backboneOf(name, { width: 4, embeddingSize: 6, checkpointing }, 20);
      return withSession(async (session) => {
        const scope = createScope(session, 'network', 1);
        const backbone = build(scope);
        const step = session.compile('step', ({ x }: Record<string, Tensor>) => {
          const { gradients } = differentiate(() => {
            const vectors = backbone.embed(x, { training: true, lengths: tf.tensor1d([30, 22, 17], 'int32') });
            return { loss: tf.mean(tf.square(tf.add(vectors, 0.3))), aux: {} };
          }, scope.params());
          return Object.fromEntries(gradients.map(({ variable, gradient }) => [variable.name, gradient]));
        });
        const { outputs, keptBytes } = await step.measure({ x: normalTensor([3, 30, 20], 'x') });
        const statistics = await session.save(scope.buffers().map(({ name }) => name));
        return { values: { ...outputs, ...statistics }, keptBytes };
      });
    };
    const plain = await run(false);
    const kept = [plain.keptBytes];
    for (const every of steps) {
      const { values, keptBytes } = await run(every);
      t.true(keptBytes < kept.at(-1)!, `${every}: ${keptBytes}, before ${kept}`);
      kept.push(keptBytes);
      for (const [key, { data }] of Object.entries(plain.values)) {
        const largest = Math.max(1e-3, ...(data as Float32Array).map(Math.abs));
        const scaled = (numbers: ArrayLike<unknown>) => Array.from(numbers, (value) => Number(value) / largest);
        close(t, scaled(values[key].data), scaled(data), 1e-4, `${every}: ${key}`);
      }
    }
    if (name === 'resnet34') t.is((await run(true)).keptBytes, kept[1], 'true is every block');
  });
}
