import type { FeatureDefinition } from '../audio/features.js';
import type { Backbone } from '../nn/backbone.js';
import type { Scope } from '../nn/scope.js';
import { choosePlugin } from '../pipeline/choose-plugin.js';
import { isPluginChoice, type PluginChoice } from '../pipeline/options.js';
import type { Registry } from '../pipeline/plugin.js';
import type { CropView } from '../train/crop-features.js';
import type { ModelInfo } from '../train/model-file.js';

/** The chosen backbone, with the pooling it chose, as a function that builds it at a scope. */
export async function backboneBuilder(
  registry: Registry,
  choice: { name: string; options: unknown },
  bins: number,
): Promise<(scope: Scope) => Backbone> {
  const plugin = await registry.load('backbone', choice.name);
  const pooling = await poolingBuilder(registry, choice.options);
  return (scope) => plugin.build({ scope, bins, options: choice.options, pooling });
}

/** What a backbone's option `pooling` chose; statistics pooling where it has no such option. */
async function poolingBuilder(registry: Registry, backboneOptions: unknown) {
  const { pooling } = backboneOptions as { pooling?: unknown };
  const { name, options } = isPluginChoice(pooling) ? pooling : await choosePlugin(registry, 'pooling', 'tstp');
  const plugin = await registry.load('pooling', name);
  return (scope: Scope, channels: number) => plugin.build({ scope, channels, options });
}

/** The backbone of a model on disk. */
export async function modelBuilder(registry: Registry, { backbone, features }: ModelInfo) {
  const place = `the model's backbone '${backbone.name}'`;
  const choice = await choosePlugin(registry, 'backbone', backbone.name, backbone.options, place);
  return backboneBuilder(registry, choice, features.bins);
}

/** How training sees audio, from the stage's options. */
export async function cropView(
  registry: Registry,
  given: { features: FeatureDefinition; augmentation: PluginChoice<'augmentation'>[] },
): Promise<CropView> {
  const augmentations = given.augmentation.map(async ({ name, options }) => {
    const plugin = await registry.load('augmentation', name);
    return (wave: Parameters<typeof plugin.apply>[0], drawName: string) =>
      plugin.apply(wave, { name: drawName, options });
  });
  return { features: given.features, augmentations: await Promise.all(augmentations) };
}
