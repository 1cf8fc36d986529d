import { statSync } from 'node:fs';
import { join } from 'node:path';
import { builtIns } from '../builtins.js';
import { MODEL_FILE, type ModelInfo, readModel } from '../embed/model-file.js';
import { measureNetwork, type NetworkSize } from '../embed/network-size.js';
import { withSession } from '../engine/session/with-session.js';
import { loadPlugins } from '../pipeline/registry/load-plugin.js';
import { createRegistry } from '../pipeline/registry/registry.js';
import { modelBuilder } from '../stages/training/resolve-plugins.js';

/** The size of a model or of its teacher, and what it is. */
export interface ModelSize extends Omit<NetworkSize, 'weightBytes'> {
  origin: string;
  backbone: string;
  embeddingSize: number;
  /** Of the model's file; of a teacher, which is not at hand, of its weights as float32. */
  bytes: number;
}

/** A model's size, beside those of the networks that it was distilled from. */
export interface ComparedSize extends ModelSize {
  teachers: ModelSize[];
  /** Seconds of the recording that was embedded. */
  seconds: number;
  threads: number;
}

export interface SizeOptions {
  /** Seconds of the recording. Default 10. */
  seconds?: number;
  /** Threads that the time is measured with. Default 1. */
  threads?: number;
  /** Files of plugins that the model's backbone comes from. */
  plugin?: readonly string[];
}

/** What a model takes on this machine's processor. @throws UserError when the folder holds no model */
export async function sizeOfModel(
  dir: string,
  { seconds = 10, threads = 1, plugin = [] }: SizeOptions = {},
): Promise<ComparedSize> {
  const { info } = readModel(dir);
  const registry = createRegistry(builtIns);
  await loadPlugins(plugin, registry);
  const measure = async (network: Pick<ModelInfo, 'origin' | 'backbone' | 'features' | 'embeddingSize'>) => {
    const { origin, backbone, features, embeddingSize } = network;
    const build = await modelBuilder(registry, network);
    const run = { device: 'cpu' as const, threads, seed: 0, name: 'size' };
    const size = await withSession(run, (session) => measureNetwork(session, build, features, seconds));
    const { weightBytes, ...figures } = size;
    return { origin, backbone: backbone.name, embeddingSize, bytes: weightBytes, ...figures };
  };
  const own = { ...(await measure(info)), bytes: statSync(join(dir, MODEL_FILE)).size };
  const teachers: ModelSize[] = [];
  for (const teacher of info.teachers ?? []) teachers.push(await measure(teacher));
  return { ...own, teachers, seconds, threads };
}
