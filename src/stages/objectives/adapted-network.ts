import type { ModelInfo } from '../../embed/model-file.js';
import { UserError } from '../../errors.js';
import { isAdapter } from '../../nn/domains/adapters.js';
import type { Scope } from '../../nn/scope.js';
import { choosePlugin } from '../../plugin/choose-plugin.js';
import { asWritten, type PluginChoice } from '../../plugin/options.js';
import type { Registry } from '../../plugin/plugin.js';
import { networkOfModel } from '../training/resolve-plugins.js';
import type { ObjectiveStageOptions } from './options.js';

const ADAPTED = 'adapted';
type Adapters = NonNullable<ObjectiveStageOptions['adapters']>;

/** A backbone with adapters at its layers; one that has them keeps those. @throws UserError where they have another rank */
export async function withAdaptersOf(
  registry: Registry,
  backbone: PluginChoice<'backbone'>,
  { rank }: Adapters,
): Promise<PluginChoice<'backbone'>> {
  if (backbone.name !== ADAPTED)
    return choosePlugin(registry, 'backbone', ADAPTED, {
      of: { name: backbone.name, ...(asWritten(backbone.options) as object) },
      ...(rank && { rank }),
    });
  const { rank: known } = backbone.options as { rank: number };
  if (rank !== undefined && rank !== known)
    throw new UserError(
      `adapters.rank: the network has adapters of ${known} channels, not ${rank}. Leave rank out to go on with them.`,
    );
  return backbone;
}

/** The backbone of a model on disk with adapters, and which of its variables the model has no values for. */
export async function adaptModel(
  registry: Registry,
  info: Pick<ModelInfo, 'backbone' | 'features'>,
  adapters: Adapters,
) {
  const { backbone } = await networkOfModel(registry, info);
  const isNew = backbone.name !== ADAPTED;
  const choice = await withAdaptersOf(registry, backbone, adapters);
  const written = { name: choice.name, options: asWritten(choice.options) as Record<string, unknown> };
  return { choice, written, isNew };
}

/** A scope without the adapters in it. */
export const withoutAdapters = (scope: Scope): Scope => ({
  ...scope,
  params: () => scope.params().filter(({ name }) => !isAdapter(name)),
});
