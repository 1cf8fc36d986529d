import test from 'ava';
import { DT } from '../../../src/engine/graph/data-types.js';
import type { Session } from '../../../src/engine/session/session.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { createScope } from '../../../src/nn/scope.js';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import { createTrainingStep } from '../../../src/train/step/training-step.js';
import { withGpuTracing } from '../../helpers/gpu/run-places.js';
import { staysOnGpu } from '../../helpers/gpu/stays-on-gpu.js';
import { backboneOf } from '../../helpers/networks/build-backbone.js';
import { normalTensor } from '../../helpers/random-values.js';
import { newRegistry } from '../../helpers/recipes/run-stage.js';

const ENCODER = {
  layers: 2,
  width: 8,
  heads: 2,
  feedForward: 12,
  convChannels: 6,
  positionKernel: 4,
  positionGroups: 2,
};

/** A small network of each family; families of many depths by one of them. */
const families: Record<string, Record<string, unknown>> = {
  resnet18: { width: 2 },
  resnet50: { width: 2 },
  rvector: { width: 2 },
  'df-resnet56': { width: 2 },
  'gemini-df-resnet60': { width: 2 },
  'prev-resnet34': { width: 2 },
  'frev-resnet34': { width: 2 },
  'prev-df-resnet56': { width: 2 },
  'frev-df-resnet56': { width: 2 },
  eres2net: { width: 4 },
  'eres2net-huge': { width: 4 },
  'eres2net-v2': { width: 4 },
  dvector: { width: 8, windowFrames: 16, hopFrames: 7 },
  'dvector-frames': { layers: 2, pieces: 3, past: 3, future: 2 },
  tdnn: { width: 8 },
  xvector: { width: 8 },
  'ecapa-512': { width: 16 },
  'ecapa-1024-glob': { width: 64, pooling: { bottleneck: 8 } },
  'ecapa-lite': { width: 16, aggregated: 8, squeezed: 4, pooling: { name: 'astp', bottleneck: 6 } },
  'cs-ctcs': { width: 8 },
  campplus: { width: 8, layers: [2, 2, 2] },
  pacnet: { acousticBins: 4, width: 3 },
  'repvgg-a0': { width: 4 },
  wav2vec2: ENCODER,
  hubert: ENCODER,
  wavlm: { ...ENCODER, buckets: 8, maxDistance: 6 },
};
/** Networks that are no training's own: statistics of a classical model, a network with adapters, one with moments behind it. */
const never = ['supervector', 'ivector', 'adapted', 'with-moments'];

/** Without its depth, or its width: `resnet` of `resnet293`. */
const family = (name: string): string => name.replace(/\d+(-glob)?$/, '');

const STEP = { batch: 4, frames: 48, bins: 16 };

async function updateOf(session: Session, name: string, options: Record<string, unknown>) {
  const { batch, frames, bins } = { ...STEP, ...(options.heads ? { bins: 400 } : {}) };
  const scope = createScope(session, 'network', 1);
  const backbone = (await backboneOf(name, { embeddingSize: 6, ...options }, bins))(scope);
  const { functions } = createTrainingStep<Record<string, Tensor>>({
    session,
    name: 'step',
    trained: scope.params(),
    optimizer: optimizerOptions.parse({ name: 'sgd', clipNorm: 3 }),
    views: (inputs) => inputs,
    loss: ({ x }) => ({ loss: tf.mean(tf.square(backbone.embed(x, { training: true }))) as Tensor, aux: {} }),
  });
  return functions([{ x: normalTensor([batch, frames, bins], 'x') }], { rate: 0.01, step: 0 });
}

test('every family of networks is here', (t) => {
  const known = new Set(Object.keys(families).concat(never).map(family));
  t.deepEqual(
    newRegistry()
      .names('backbone')
      .filter((name) => !known.has(family(name))),
    [],
  );
});

for (const [name, options] of Object.entries(families)) {
  test(`an update of ${name} in float32 stays on a GPU`, async (t) => {
    await withGpuTracing(async (session) => staysOnGpu(t, session, await updateOf(session, name, options)));
  });

  test(`an update of ${name} in bfloat16 stays on a GPU, and widens no convolution`, async (t) => {
    await withGpuTracing(
      async (session) => {
        await staysOnGpu(t, session, await updateOf(session, name, options));
        const convolutions = session.graph.operations.filter(({ type }) => /^(Conv2D|DepthwiseConv2d)/.test(type));
        t.deepEqual(
          convolutions.filter(({ outputs }) => outputs[0].dataType !== DT.BFLOAT16).map(({ name }) => name),
          [],
        );
      },
      { compute: 'bfloat16' },
    );
  });
}

test('an update with checkpointing stays on a GPU', async (t) => {
  await withGpuTracing(async (session) =>
    staysOnGpu(t, session, await updateOf(session, 'resnet18', { width: 2, checkpointing: true })),
  );
});
