import { type NoiseBank, standInBank } from '../../audio/augment/bank.js';
import type { RowChange } from '../../audio/augment/choice.js';
import type { FeatureDefinition } from '../../audio/features/features.js';
import { openNoiseBank } from '../../data/noise-bank/noise-bank.js';
import type { ModelInfo } from '../../embed/model-file.js';
import { userError } from '../../errors.js';
import type { Backbone } from '../../nn/backbone.js';
import type { Scope } from '../../nn/scope.js';
import { tappedBackbone } from '../../nn/taps.js';
import { choosePlugin } from '../../plugin/choose-plugin.js';
import { isPluginChoice, type PluginChoice } from '../../plugin/options.js';
import type { Registry } from '../../plugin/plugin.js';
import type { StageContext } from '../../plugin/stage.js';
import type { CropView } from '../../train/step/crop-features.js';
import { bankDir } from '../noises.js';

/** The chosen backbone, with the pooling it chose, as a function that builds it at a scope. */
export async function backboneBuilder(
  registry: Registry,
  choice: { name: string; options: unknown },
  bins: number,
): Promise<(scope: Scope) => Backbone> {
  const plugin = await registry.load('backbone', choice.name);
  const { of } = choice.options as { of?: unknown };
  if (isPluginChoice(of)) {
    // Its layers are the inner backbone's, which hands them out.
    const inner = await backboneBuilder(registry, of, bins);
    return (scope) => plugin.build({ scope, bins, options: choice.options, pooling: noPooling, of: inner });
  }
  const pooling = await poolingBuilder(registry, choice.options);
  return (scope) =>
    tappedBackbone(pooling, (tapped) => plugin.build({ scope, bins, options: choice.options, pooling: tapped }));
}

const noPooling = (): never => {
  throw new Error('a backbone of another one has no pooling of its own');
};

/** The pooling chosen by a backbone's option `pooling`; statistics pooling where it has no such option. */
async function poolingBuilder(registry: Registry, backboneOptions: unknown) {
  const { pooling } = backboneOptions as { pooling?: unknown };
  const { name, options } = isPluginChoice(pooling) ? pooling : await choosePlugin(registry, 'pooling', 'tstp');
  const plugin = await registry.load('pooling', name);
  return (scope: Scope, channels: number) => plugin.build({ scope, channels, options });
}

/** The network that a training or a model on disk has. */
export interface ChosenNetwork {
  features: FeatureDefinition;
  backbone: PluginChoice<'backbone'>;
}

/** Backbone and features of a model on disk, as they were when the model was written. */
export async function networkOfModel(
  registry: Registry,
  { backbone: { name, options: written }, features }: Pick<ModelInfo, 'backbone' | 'features'>,
): Promise<ChosenNetwork> {
  const { upgrade } = await registry.load('backbone', name);
  const options = upgrade ? upgrade(written) : written;
  return {
    features,
    backbone: await choosePlugin(registry, 'backbone', name, options, `the model's backbone '${name}'`),
  };
}

/** The backbone of a model on disk. */
export async function modelBuilder(registry: Registry, info: Pick<ModelInfo, 'backbone' | 'features'>) {
  const { backbone, features } = await networkOfModel(registry, info);
  return backboneBuilder(registry, backbone, features.bins);
}

/** Access to plugins and to the artifacts of earlier stages; without `artifact` nothing has run yet. */
type PluginSources = Pick<StageContext, 'registry'> & Partial<Pick<StageContext, 'artifact'>>;

/** The context in which a training stage is prepared. */
export type Preparation = PluginSources & Pick<StageContext, 'seed'>;

/** Augmentation and features, from the stage's options. */
export async function cropView(
  sources: PluginSources,
  { features, augmentation }: { features: FeatureDefinition; augmentation: readonly PluginChoice<'augmentation'>[] },
): Promise<CropView> {
  const banks = openBanks(sources);
  const all = await Promise.all(augmentation.map((choice) => resolveAugmentation(sources.registry, choice, banks)));
  return {
    features,
    augmentations: all.flatMap(({ wave }) => (wave ? [wave] : [])),
    featureChanges: all.flatMap((change) => (change.features ? [change.features] : [])),
  };
}

/** Opens each bank once. */
function openBanks({ artifact }: PluginSources): (name: string) => NoiseBank {
  const open = new Map<string, NoiseBank>();
  return (name) => {
    const bank = open.get(name) ?? (artifact ? openNoiseBank(bankDir(artifact(name))) : standInBank);
    open.set(name, bank);
    return bank;
  };
}

/** A chosen augmentation as functions; those chosen by its option `of` are resolved first. */
async function resolveAugmentation(
  registry: Registry,
  { name, options }: PluginChoice<'augmentation'>,
  bank: (name: string) => NoiseBank,
): Promise<{ wave?: RowChange; features?: RowChange }> {
  const plugin = await registry.load('augmentation', name);
  const { of: chosen } = options as { of?: unknown };
  const inner = Array.isArray(chosen) ? chosen.filter(isPluginChoice) : [];
  const of = await Promise.all(
    inner.map(async (choice) => {
      const { wave } = await resolveAugmentation(registry, choice as PluginChoice<'augmentation'>, bank);
      return (
        wave ?? userError(`augmentation '${name}' combines changes of waveforms, and '${choice.name}' changes features`)
      );
    }),
  );
  const contextOf = (drawName: string) => ({ name: drawName, options, bank, of });
  return {
    wave: plugin.apply && ((wave, drawName) => plugin.apply!(wave, contextOf(drawName))),
    features: plugin.features && ((features, drawName) => plugin.features!(features, contextOf(drawName))),
  };
}
