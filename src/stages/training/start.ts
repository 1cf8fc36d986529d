import { readModel } from '../../embed/model-file.js';
import type { SketchContext } from '../../plugin/stage.js';
import { modelOptions } from '../model.js';
import { type ChosenNetwork, networkOfModel } from './resolve-plugins.js';

/** Backbone and features of the artifact `init`, before anything has run: of a model folder, or of what an earlier stage trains. */
export async function sketchInit(context: SketchContext, init: string): Promise<ChosenNetwork> {
  const opened = modelOptions.safeParse(context.options(init));
  return opened.success ? networkOfModel(context.registry, readModel(opened.data.path).info) : context.sketch(init);
}
