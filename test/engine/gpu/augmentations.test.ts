import test from 'ava';
import { withOptionScope } from '../../../src/plugin/option-scope.js';
import { cropView } from '../../../src/stages/training/resolve-plugins.js';
import { withGpuTracing } from '../../helpers/gpu/run-places.js';
import { staysOnGpu } from '../../helpers/gpu/stays-on-gpu.js';
import { newRegistry } from '../../helpers/recipes/run-stage.js';
import { noiseBatch, smallFeatures, smallPretrainer } from '../../helpers/training/small-training.js';

/** Options that augmentations need; a bank stands in for that of the stage `noises`. */
const options: Record<string, Record<string, unknown>> = {
  noise: { bank: 'noises' },
  reverb: { bank: 'noises' },
  'noise-reverb': { bank: 'noises' },
  'one-of': { of: ['gain', 'codec', { name: 'noise', bank: 'noises' }] },
  chain: { of: ['clipping', 'telephone'] },
};

const registry = newRegistry();

/** Behind a stage `noises`, as in a recipe. */
async function parsed(name: string): Promise<unknown> {
  const plugin = await registry.load('augmentation', name);
  const earlier = new Map([['noises', 'noises']]);
  const scope = { registry, earlier, later: new Set<string>(), references: new Set<string>(), uses: new Map() };
  return withOptionScope(scope, () => plugin.options.parseAsync(options[name] ?? {}));
}

for (const name of registry.names('augmentation'))
  test(`an update on crops changed by ${name} stays on a GPU`, async (t) => {
    const features = { ...smallFeatures, dither: 30 };
    const choice = { kind: 'augmentation', name, options: await parsed(name) } as const;
    const view = await cropView({ registry }, { features, augmentation: [choice] });
    await withGpuTracing(async (session) => {
      const trainer = smallPretrainer(session, { name: 'sgd' }, { view });
      const schedule = trainer.method.schedule?.({ step: 0, steps: 6, epoch: 0 });
      await staysOnGpu(t, session, trainer.functions(noiseBatch('x'), { step: 0, rate: 0.01, ...schedule }));
    });
  });
