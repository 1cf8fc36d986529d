import { UserError } from '../../errors.js';
import { choosePlugin } from '../../plugin/choose-plugin.js';
import { asWritten, type PluginChoice } from '../../plugin/options.js';
import type { Registry } from '../../plugin/plugin.js';
import { keysAt } from '../../plugin/schema-keys.js';
import type { Variant } from './predict-peak.js';

/** A change of a recipe that takes less memory. */
export interface Switch {
  /** As it is written in the recipe. */
  change: string;
  /** Its cost, if there is one worth knowing. */
  note?: string;
  /** Switches of one group exclude each other. */
  group: 'states' | 'backbone' | 'accumulate' | 'compute';
  apply(variant: Variant): Variant;
}

/** The switches that a training step has not used yet, least costly first. */
export async function switchesOf(variant: Variant, registry: Registry): Promise<Switch[]> {
  const { backbone, optimizer, compute } = variant;
  const written = asWritten(backbone.options) as Record<string, unknown>;
  const switches: Switch[] = [];
  if (optimizer.stateBits !== 8) {
    switches.push({
      change: 'optimizer.stateBits: 8',
      group: 'states',
      apply: (from) => ({ ...from, optimizer: { ...from.optimizer, stateBits: 8 } }),
    });
  }
  for (const parts of partsOf(variant)) {
    switches.push({
      change: `accumulate: ${parts}`,
      group: 'accumulate',
      note: 'losses that compare utterances and batch statistics see only part of the batch',
      apply: (from) => ({ ...from, accumulate: parts }),
    });
  }
  const checkpointed =
    written.checkpointing === false && (await formOf(backbone.name, { ...written, checkpointing: true }, registry));
  if (checkpointed) {
    switches.push({
      change: 'backbone.checkpointing: true',
      group: 'backbone',
      note: 'a third more time',
      apply: (from) => ({ ...from, backbone: checkpointed }),
    });
  }
  for (const form of ['prev', 'frev']) {
    const choice = await formOf(`${form}-${backbone.name}`, written, registry);
    if (!choice) continue;
    switches.push({
      change: `backbone: ${choice.name}`,
      group: 'backbone',
      note: 'a different network of about as many parameters, trained from scratch',
      apply: (from) => ({ ...from, backbone: choice }),
    });
  }
  if (compute === 'float32') {
    switches.push({
      change: 'compute: bfloat16',
      group: 'compute',
      note: 'slower where the device has no instructions for it; `compute: auto` tries',
      apply: (from) => ({ ...from, compute: 'bfloat16' }),
    });
  }
  return switches;
}

/** Numbers of parts into which the batch can be cut further, each at least twice the one before. */
function partsOf({ batchSize, accumulate }: Variant): number[] {
  const counts: number[] = [];
  for (let parts = accumulate + 1; parts <= batchSize / 2; parts++) {
    if (batchSize % parts === 0 && parts >= 2 * (counts.at(-1) ?? accumulate)) counts.push(parts);
  }
  return counts;
}

/** The backbone of that name with these options, as far as it has them; undefined where there is none or it refuses them. */
async function formOf(
  name: string,
  written: Record<string, unknown>,
  registry: Registry,
): Promise<PluginChoice<'backbone'> | undefined> {
  if (!registry.names('backbone').includes(name)) return undefined;
  const plugin = await registry.load('backbone', name);
  const keys = keysAt(plugin.options, []);
  const options = Object.fromEntries(Object.entries(written).filter(([key]) => keys.includes(key)));
  try {
    return await choosePlugin(registry, 'backbone', name, options);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
