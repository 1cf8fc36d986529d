import test from 'ava';
import { featureDefinition } from '../../src/audio/features/features.js';
import { tf } from '../../src/engine/tf.js';
import { optimizerOptions } from '../../src/optim/optimizer.js';
import type { SslPlugin } from '../../src/plugin/kinds.js';
import { createPretrainer } from '../../src/train/pretrainer.js';
import type { Network } from '../../src/train/step/ssl-method.js';
import dino from '../../ssl/dino.js';
import moco from '../../ssl/moco.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { withSession } from '../helpers/session.js';

const [BATCH, BINS, FRAMES] = [4, 40, 60];
const SAMPLES = 400 + 160 * (FRAMES - 1);
const crops = (count: number) => new Int16Array(count * BATCH * SAMPLES);

/** A network with the same weights that looks at nothing: it can keep nothing. */
const blind = (network: Network): Network => ({
  ...network,
  embed: (features) => tf.zeros([features.shape[0]!, network.embeddingSize]),
});

/** Bytes kept for the backward pass of a step; `second` stands for the network that is not trained. */
function kept(
  plugin: SslPlugin,
  written: Record<string, unknown>,
  backbone: string,
  { second, change = (network) => network }: { second?: string; change?: (network: Network) => Network } = {},
): Promise<number> {
  return withSession(async (session) => {
    const options = plugin.options.parse(written);
    const views = plugin.views(options);
    const trainer = createPretrainer({
      session,
      seed: 1,
      batchSize: BATCH,
      crops: views,
      view: { features: featureDefinition.parse({ bins: BINS }), augmentations: [] },
      backbone: await backboneOf(backbone, { width: 8, embeddingSize: 32 }, BINS),
      optimizer: optimizerOptions.parse({}),
      build: (context) =>
        plugin.build({
          ...context,
          options,
          backbone: (name) => (name === second ? change(context.backbone(name)) : context.backbone(name)),
        }),
    });
    const values = { rate: 0.001, step: 0, ...trainer.method.schedule?.({ step: 0, steps: 10, epoch: 0 }) };
    const batch = { global: crops(views.global), local: views.local ? crops(views.local) : null };
    const [{ compiled, inputs }] = trainer.functions(batch, values);
    await compiled({ ...inputs });
    return (await compiled.measure({ ...inputs, step: 1 })).keptBytes;
  });
}

/** What whole steps keep, by method and backbone: several tests ask. */
const wholeSteps = new Map<string, Promise<number>>();

function keptWhole(plugin: SslPlugin, written: Record<string, unknown>, backbone: string): Promise<number> {
  const key = `${plugin.name} ${backbone}`;
  const known = wholeSteps.get(key) ?? kept(plugin, written, backbone);
  wholeSteps.set(key, known);
  return known;
}

const METHODS: [SslPlugin, Record<string, unknown>, string][] = [
  [dino as SslPlugin, { prototypes: 64, hiddenSize: 32, bottleneckSize: 16, localCrops: 2 }, 'teacher'],
  [moco as SslPlugin, { queue: 64 }, 'teacher'],
];

for (const [plugin, options, second] of METHODS) {
  for (const backbone of ['resnet34', 'frev-resnet34']) {
    test.serial(
      `${plugin.name} with ${backbone}: the ${second} network keeps nothing for the backward pass`,
      async (t) => {
        const whole = await keptWhole(plugin, options, backbone);
        const without = await kept(plugin, options, backbone, { second, change: blind });
        // It sees half of the crops or more, and would keep as much of them; what differs are vectors and statistics, not maps.
        t.true(Math.abs(whole - without) < 0.1 * whole, `${whole}, with a blind one ${without}`);
      },
    );
  }

  test.serial(`${plugin.name}: of a reversible network less than a tenth is kept`, async (t) => {
    const plain = await keptWhole(plugin, options, 'resnet34');
    const full = await keptWhole(plugin, options, 'frev-resnet34');
    t.true(full < 0.1 * plain, `${full} of ${plain}`);
  });
}
