import { builtIns } from '../builtins.js';
import { openModelExtractor } from '../embed/extract.js';
import { type Model, readModel } from '../embed/model-file.js';
import { openSession } from '../engine/session/session.js';
import type { Backbone } from '../nn/backbone.js';
import type { Scope } from '../nn/scope.js';
import { loadPlugins } from '../pipeline/registry/load-plugin.js';
import { createRegistry } from '../pipeline/registry/registry.js';
import { modelBuilder } from '../stages/training/resolve-plugins.js';
import { describeNetwork } from './describe-model.js';
import type { ModelRunOptions, OpenedModel } from './open-model.js';

/** Opens a model folder with TensorFlow. @throws UserError when it holds no model, or the device cannot be used */
export async function openNetwork(
  dir: string,
  { device = 'auto', threads = 0, plugin = [] }: ModelRunOptions,
): Promise<OpenedModel> {
  const { model, build } = await readNetwork(dir, plugin);
  const session = openSession({ device, threads, seed: 0 });
  try {
    const extractor = await openModelExtractor(session, model, build);
    return { model: describeNetwork(model), extractor, close: () => session.close() };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** A model on disk and the function that builds its backbone. @throws UserError when the folder holds no model */
export async function readNetwork(
  dir: string,
  plugin: readonly string[],
): Promise<{ model: Model; build: (scope: Scope) => Backbone }> {
  const model = readModel(dir);
  const registry = createRegistry(builtIns);
  await loadPlugins(plugin, registry);
  return { model, build: await modelBuilder(registry, model.info) };
}
