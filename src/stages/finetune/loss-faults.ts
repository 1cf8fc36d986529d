import { faultsWhere } from '../../plugin/faults.js';
import type { LossPlugin } from '../../plugin/kinds.js';
import type { PluginChoice } from '../../plugin/options.js';

/** The options of a training that its loss has to fit. */
export interface LossUse {
  loss: PluginChoice<'loss'>;
  batchSize: number;
  accumulate: number;
  correction?: unknown;
  prototypes?: unknown;
}

/** What the loss cannot work with, before the run starts. */
export function lossFaults(plugin: LossPlugin, given: LossUse): string[] {
  const { loss, batchSize, accumulate, correction, prototypes } = given;
  const batch = batchSize / accumulate;
  const each = plugin.batch?.(loss.options).utterancesPerSpeaker;
  const faults = faultsWhere([
    [
      each !== undefined && (batch % each !== 0 || batch < 2 * each),
      () =>
        `batchSize: '${loss.name}' compares ${each} utterances of each of several speakers, and a forward pass sees ${batch}. ` +
        `Make batchSize / accumulate a multiple of ${each}, at least ${2 * each!}.`,
    ],
    [
      correction !== undefined && plugin.scores === false,
      () =>
        `correction: '${loss.name}' tells no classes apart, so it cannot say what a label should have been. Leave it out.`,
    ],
    [
      prototypes !== undefined && plugin.scores === false,
      () => `prototypes: '${loss.name}' has no class prototypes to start. Leave it out.`,
    ],
  ]);
  const own = Number.isInteger(batch) ? (plugin.check?.(loss.options, { batch }) ?? []) : [];
  return [...faults, ...own];
}
