import type { FeatureDefinition } from '../../audio/features/features.js';
import { type ModelInfo, readModel } from '../../embed/model-file.js';
import { choosePlugin } from '../../plugin/choose-plugin.js';
import type { PluginChoice } from '../../plugin/options.js';
import type { Registry } from '../../plugin/plugin.js';
import type { SketchContext } from '../../plugin/stage.js';
import { modelOptions } from '../model.js';

/** What a training that starts from a network takes over from it. */
export interface StartNetwork {
  features: FeatureDefinition;
  backbone: PluginChoice<'backbone'>;
}

/** Backbone and features of a model on disk. */
export async function networkOfModel(
  registry: Registry,
  { backbone: { name, options }, features }: ModelInfo,
): Promise<StartNetwork> {
  const place = `the model's backbone '${name}'`;
  return { features, backbone: await choosePlugin(registry, 'backbone', name, options, place) };
}

/** Backbone and features of the artifact `init`, before anything has run: of a model folder, or of what an earlier stage trains. */
export async function sketchInit(context: SketchContext, init: string): Promise<StartNetwork> {
  const opened = modelOptions.safeParse(context.options(init));
  return opened.success ? networkOfModel(context.registry, readModel(opened.data.path).info) : context.sketch(init);
}
