import { builtIns } from '../builtins.js';
import { type Extractor, openModelExtractor } from '../embed/extract.js';
import { type Model, readModel } from '../embed/model-file.js';
import { openSession } from '../engine/session/session.js';
import type { Backbone } from '../nn/backbone.js';
import type { Scope } from '../nn/scope.js';
import { loadPlugins } from '../pipeline/registry/load-plugin.js';
import { createRegistry } from '../pipeline/registry/registry.js';
import { modelBuilder } from '../stages/training/resolve-plugins.js';
import { packagedModel } from './packaged-model.js';

/** The device and plugins that a model runs with. */
export interface ModelRunOptions {
  device?: 'auto' | 'cpu' | 'gpu';
  /** Threads of one operation; 0: all cores. */
  threads?: number;
  /** Files of plugins that the model's backbone comes from. */
  plugin?: string[];
}

/** A model on a device. */
export interface OpenedModel {
  model: Model;
  extractor: Extractor;
  /** Frees the device's memory. */
  close(): Promise<void>;
}

/**
 * Opens a model folder; without one, the model that comes with voxloop.
 * @throws UserError when it holds no model, or the device cannot be used
 */
export async function openModel(
  dir: string = packagedModel(),
  { device = 'auto', threads = 0, plugin = [] }: ModelRunOptions = {},
): Promise<OpenedModel> {
  const { model, build } = await readNetwork(dir, plugin);
  const session = openSession({ device, threads, seed: 0 });
  try {
    return { model, extractor: await openModelExtractor(session, model, build), close: () => session.close() };
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
