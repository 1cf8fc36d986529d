import test from 'ava';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import type { SslPlugin } from '../../../src/plugin/kinds.js';
import { createFinetuner, type FinetuneParts } from '../../../src/train/finetuner.js';
import { adversaryOptions } from '../../../src/train/step/adversary.js';
import type { StepValues } from '../../../src/train/step/training-step.js';
import { withGpuTracing } from '../../helpers/gpu/run-places.js';
import { staysOnGpu } from '../../helpers/gpu/stays-on-gpu.js';
import { backboneOf } from '../../helpers/networks/build-backbone.js';
import { newRegistry } from '../../helpers/recipes/run-stage.js';
import {
  BINS,
  noiseBatch,
  smallBackbone,
  smallFeatures,
  smallPretrainer,
} from '../../helpers/training/small-training.js';
import { smoothLossOptions } from '../../helpers/training/smooth-loss-options.js';
import { tinySslOptions } from '../../helpers/training/tiny-ssl-options.js';

const registry = newRegistry();

for (const name of registry.names('ssl'))
  for (const adversary of name === 'simclr' ? [false, true] : [false])
    test(`an update of ${name}${adversary ? ' with an adversary' : ''} stays on a GPU`, async (t) => {
      const plugin = (await registry.load('ssl', name)) as SslPlugin;
      const options = plugin.options.parse(tinySslOptions[name]);
      const crops = plugin.views(options);
      await withGpuTracing(async (session) => {
        const trainer = smallPretrainer(
          session,
          { name: 'adam', clipNorm: 3 },
          {
            crops,
            build: (context) => plugin.build({ ...context, options }),
            view: { features: { ...smallFeatures, dither: 30 }, augmentations: [] },
            speeds: [1, 0.9, 1.1],
            ...(adversary ? { adversary: adversaryOptions.parse({ hiddenSize: 8 }) } : {}),
          },
        );
        const schedule = trainer.method.schedule?.({ step: 0, steps: 6, epoch: 0 });
        await staysOnGpu(t, session, trainer.functions(noiseBatch('x', crops), { step: 0, rate: 0.01, ...schedule }));
      });
    });

/** An update of a small classifier; `values` beside those that each has. */
function testFinetuning(
  title: string,
  {
    loss = 'softmax',
    lossOptions = {},
    ...parts
  }: Partial<Omit<FinetuneParts, 'loss'>> & { loss?: string; lossOptions?: object },
  values: Record<string, number> = {},
): void {
  test(`${title} stays on a GPU`, async (t) => {
    const { options, build } = await registry.load('loss', loss);
    await withGpuTracing(async (session) => {
      const trainer = createFinetuner({
        session,
        seed: 1,
        classes: 2,
        backbone: smallBackbone,
        loss: (context) => build({ ...context, options: options.parse(lossOptions) }),
        view: { features: smallFeatures, augmentations: [] },
        optimizer: optimizerOptions.parse({ name: 'adam' }),
        ...parts,
      });
      const labels = Int32Array.of(0, 0, 1, 1);
      const samples = { labels, history: new Float32Array(4).fill(Number.NaN) };
      const all: StepValues = { step: 0, rate: 0.01, margin: 1, gate: 3e38, momentum: 0, ...values };
      await staysOnGpu(t, session, trainer.functions(noiseBatch('x', { global: 1, local: 0 }), samples, all));
    });
  });
}

for (const [loss, list] of Object.entries(smoothLossOptions))
  for (const lossOptions of list)
    testFinetuning(`an update by ${loss} ${JSON.stringify(lossOptions)}`, { loss, lossOptions });

testFinetuning('a gate that corrects labels', {}, { confidence: 0.8, temperature: 0.5 });
testFinetuning('an update in micro-batches', { accumulate: 2 });

const wide = await backboneOf('tdnn', { width: 64, embeddingSize: 64, pooling: 'tstp' }, BINS);
for (const name of ['sgd', 'adam', 'adamw', 'lars'])
  for (const stateBits of [32, 8])
    testFinetuning(`an update by ${name} with ${stateBits}-bit states`, {
      backbone: wide,
      optimizer: optimizerOptions.parse({ name, stateBits, clipNorm: 3, weightDecay: 1e-4 }),
    });
