import type { PluginChoice } from '../../plugin/options.js';
import type { Registry } from '../../plugin/plugin.js';

/** Faults of augmentations that copies of recordings go through: those that change features do not change a recording. */
export async function waveAugmentationFaults(
  registry: Registry,
  augmentation: readonly PluginChoice<'augmentation'>[],
): Promise<string[]> {
  const plugins = await Promise.all(augmentation.map(({ name }) => registry.load('augmentation', name)));
  return plugins.flatMap(({ name, apply }) =>
    apply ? [] : [`'copies' need an augmentation of waveforms, and '${name}' changes features; leave it out.`],
  );
}
