import test, { type ExecutionContext } from 'ava';
import { mixNoiseAndRooms, recipeOptions } from '../../../src/augmentations/noise-reverb.js';
import { hits } from '../../../src/engine/ops/hits.js';
import { cast } from '../../../src/engine/raw.js';
import type { Session } from '../../../src/engine/session/session.js';
import { tf } from '../../../src/engine/tf.js';
import { int32 } from '../../../src/host-tensor.js';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import { choosePlugin } from '../../../src/plugin/choose-plugin.js';
import type { SslPlugin } from '../../../src/plugin/kinds.js';
import { cropView } from '../../../src/stages/training/resolve-plugins.js';
import { createFinetuner } from '../../../src/train/finetuner.js';
import type { CompiledCall } from '../../../src/train/step/training-step.js';
import { tinyBank } from '../../helpers/corpora/tiny-bank.js';
import { watchPlacement } from '../../helpers/gpu/placement.js';
import { backboneOf } from '../../helpers/networks/build-backbone.js';
import { normalTensor } from '../../helpers/random-values.js';
import { newRegistry } from '../../helpers/recipes/run-stage.js';
import { withSession } from '../../helpers/session.js';
import { BINS, noiseBatch, smallFeatures, smallPretrainer, smallTdnn } from '../../helpers/training/small-training.js';
import { tinySslOptions } from '../../helpers/training/tiny-ssl-options.js';

const registry = newRegistry();

/** Whether loss and gradients are finite, which the host must know before it lets the update move anything: 10 is boolean, 1 float32. */
const FINITE_CHECK = ['IsFinite of 10 -> Assert', 'Pack of 1 -> Assert'];

/** Traces an update, which is not run: on a GPU all of it would have a kernel, and the host would wait for nothing but the finite check. */
async function staysOnGpu(
  t: ExecutionContext,
  build: (session: Session) => Promise<CompiledCall[]>,
  compute: 'float32' | 'bfloat16' = 'float32',
): Promise<void> {
  await withSession(
    async (session) => {
      const faults = watchPlacement(session);
      for (const { compiled, inputs } of await build(session)) compiled.trace(inputs);
      t.deepEqual(faults(), { withoutKernel: [], waits: FINITE_CHECK });
    },
    { compute },
  );
}

async function pretraining(session: Session, name: string, optimizer: object = {}, width = 8): Promise<CompiledCall[]> {
  const plugin = (await registry.load('ssl', name)) as SslPlugin;
  const options = plugin.options.parse(tinySslOptions[name]);
  const crops = plugin.views(options);
  const trainer = smallPretrainer(
    session,
    { name: 'adam', clipNorm: 3, ...optimizer },
    { crops, backbone: await smallTdnn({ width }), build: (context) => plugin.build({ ...context, options }) },
  );
  const schedule = trainer.method.schedule?.({ step: 0, steps: 6, epoch: 0 });
  return trainer.functions(noiseBatch('x', crops), { step: 0, rate: 0.001, ...schedule });
}

async function finetuning(
  session: Session,
  { backbone = 'tdnn', options = {}, loss = 'aam-softmax' }: { backbone?: string; options?: object; loss?: string },
): Promise<CompiledCall[]> {
  const { options: schema, build } = await registry.load('loss', loss);
  const trainer = createFinetuner({
    session,
    seed: 1,
    classes: 2,
    backbone: await backboneOf(backbone, { ...options }, BINS),
    loss: (context) =>
      build({ ...context, options: schema.parse(PAIRED.has(loss) ? { utterancesPerSpeaker: 2 } : {}) }),
    view: { features: smallFeatures, augmentations: [] },
    optimizer: optimizerOptions.parse({ name: 'adam' }),
  });
  const samples = { labels: Int32Array.of(0, 0, 1, 1), history: new Float32Array(4).fill(Number.NaN) };
  const correction: Record<string, number> = PAIRED.has(loss) ? {} : { temperature: 1, confidence: 0.5 };
  const values = {
    step: 0,
    rate: 0.01,
    margin: 1,
    gate: Number.POSITIVE_INFINITY,
    momentum: 0,
    ...correction,
  };
  return trainer.functions(noiseBatch('x', { global: 1, local: 0 }), samples, values);
}

const PAIRED = new Set(['triplet', 'prototypical', 'angular-prototypical', 'ge2e']);

for (const name of registry.names('ssl')) {
  test(`${name} stays on the GPU`, (t) => staysOnGpu(t, (session) => pretraining(session, name)));
}

for (const [name, more] of [
  ['sgd', { momentum: 0.9, nesterov: true }],
  ['adam', { weightDecay: 0.01 }],
  ['lars', {}],
] as const) {
  test(`${name} with states in 8 bits stays on the GPU`, (t) =>
    staysOnGpu(t, (session) => pretraining(session, 'simclr', { name, stateBits: 8, ...more }, 40)));
}

for (const loss of registry.names('loss')) {
  test(`fine-tuning by ${loss} stays on the GPU`, (t) => staysOnGpu(t, (session) => finetuning(session, { loss })));
}

/** Networks of every family, at small sizes. */
const NETWORKS: Record<string, object> = {
  resnet18: { width: 4 },
  resnet50: { width: 4 },
  'df-resnet56': { width: 4 },
  'gemini-df-resnet60': { width: 4 },
  'prev-resnet34': { width: 4 },
  'frev-resnet34': { width: 4 },
  'frev-df-resnet56': { width: 4 },
  eres2net: {},
  tdnn: { width: 8, levels: [0, 1, 2, 3] },
  xvector: {},
  'ecapa-512': {},
  'ecapa-lite': {},
  'cs-ctcs': {},
  campplus: {},
  'repvgg-a0': {},
};
for (const [backbone, options] of Object.entries(NETWORKS)) {
  for (const compute of ['float32', 'bfloat16'] as const) {
    test(`${backbone} in ${compute} stays on the GPU`, (t) =>
      staysOnGpu(t, (session) => finetuning(session, { backbone, options }), compute));
  }
}

test('augmentations stay on the GPU, but for what is drawn and read on the host', async (t) => {
  const names = ['random-channel', 'telephone', 'codec', 'gain', 'clipping', 'drop-chunk', 'spec-augment'];
  const augmentation = await Promise.all(names.map((name) => choosePlugin(registry, 'augmentation', name, {})));
  const view = await cropView({ registry }, { features: smallFeatures, augmentation });
  const bank = tinyBank(t, { noise: [new Int16Array(1600).fill(1)] }, [Float32Array.of(-1, 0)]);
  const mix = recipeOptions.parse({ recipe: 'wespeaker' });
  const augmentations = view.augmentations.concat((wave, name) => mixNoiseAndRooms(wave, bank, mix, name));
  await staysOnGpu(t, async (session) => {
    const trainer = smallPretrainer(session, {}, { view: { ...view, augmentations } });
    const schedule = trainer.method.schedule?.({ step: 0, steps: 6, epoch: 0 });
    return trainer.functions(noiseBatch('x'), { step: 0, rate: 0.001, ...schedule });
  });
});

test('what would make a GPU stop is found: bytes that are sliced, whole numbers that are compared', async (t) => {
  await withSession(async (session) => {
    const faults = watchPlacement(session);
    const run = session.compile('planted', ({ x, labels }) => ({
      sliced: tf.slice(tf.reshape(cast(tf.mul(x, 2), 'uint8'), [-1]), 0, 3),
      compared: tf.equal(tf.argMax(x, 1), labels),
      fine: hits(x, labels),
    }));
    run.trace({ x: normalTensor([4, 5], 'x'), labels: int32(Int32Array.of(0, 1, 2, 3)) });
    const { withoutKernel, waits } = faults();
    t.deepEqual(withoutKernel, ['Slice of 4']);
    t.deepEqual(waits, ['ArgMax of 3 -> Equal', 'Reshape of 4 -> Slice']);
  });
});
