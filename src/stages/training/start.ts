import { readModel } from '../../embed/model-file.js';
import { faultsWhere } from '../../plugin/faults.js';
import type { SketchContext } from '../../plugin/stage.js';
import { modelOptions } from '../model.js';
import { type ChosenNetwork, networkOfModel } from './resolve-plugins.js';

/** Backbone and features of the artifact `init`, before anything has run: of a model folder, or of what an earlier stage trains. */
export async function sketchInit(context: SketchContext, init: string): Promise<ChosenNetwork> {
  const opened = modelOptions.safeParse(context.options(init));
  return opened.success ? networkOfModel(context.registry, readModel(opened.data.path).info) : context.sketch(init);
}

/** A training starts from a network that there is, or from a backbone and features: from one of them. */
export function startFaults({
  init,
  backbone,
  features,
}: {
  init?: string;
  backbone?: unknown;
  features?: unknown;
}): string[] {
  return faultsWhere([
    [
      (init === undefined) === (backbone === undefined),
      () =>
        `init, backbone: give ${init === undefined ? 'one of them' : 'one of them only'}: a network to start from, or one to train from scratch.`,
    ],
    [
      init !== undefined && features !== undefined,
      () => "features: the init's are kept. Leave them out, or train from scratch with `backbone`.",
    ],
  ]);
}
