import { builtIns } from '../builtins.js';
import { readModel } from '../embed/model-file.js';
import { type WeSpeakerSummary, writeWeSpeaker } from '../import/write/wespeaker-folder.js';
import { loadPlugins } from '../pipeline/registry/load-plugin.js';
import { createRegistry } from '../pipeline/registry/registry.js';
import { networkOfModel } from '../stages/training/resolve-plugins.js';

/**
 * Writes a model folder as WeSpeaker's own loader takes it: `avg_model.pt` and `config.yaml` in the folder `out`. The mean embedding is not
 * part of it. Nothing runs for it: TensorFlow is not needed.
 * @throws UserError when `dir` holds no model, and for a network, option or feature that WeSpeaker does not have
 */
export async function exportWeSpeaker(
  dir: string,
  out: string,
  plugin: readonly string[] = [],
): Promise<WeSpeakerSummary> {
  const registry = createRegistry(builtIns);
  await loadPlugins(plugin, registry);
  return writeWeSpeaker(readModel(dir), out, async (info) => {
    const { backbone } = await networkOfModel(registry, info);
    return backbone.options as Record<string, unknown>;
  });
}
