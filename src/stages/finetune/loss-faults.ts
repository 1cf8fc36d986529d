import { faultsWhere } from '../../plugin/faults.js';
import type { LossPlugin } from '../../plugin/kinds.js';
import { asWritten, type PluginChoice } from '../../plugin/options.js';

/** The options of a training that its loss has to fit. */
export interface LossUse {
  loss: PluginChoice<'loss'>;
  batchSize: number;
  accumulate: number;
  correction?: unknown;
  prototypes?: unknown;
  margin?: unknown;
  gateJudges?: string;
}

/** Faults in a training's options for its loss. */
export function lossFaults(plugin: LossPlugin, options: LossUse): string[] {
  const { loss, batchSize, accumulate, correction, prototypes, margin, gateJudges } = options;
  const hasMargin = plugin.hasMargin?.(loss.options) ?? true;
  const batch = batchSize / accumulate;
  const perSpeaker = plugin.batch?.(loss.options).utterancesPerSpeaker;
  const faults = faultsWhere([
    [
      perSpeaker !== undefined && (batch % perSpeaker !== 0 || batch < 2 * perSpeaker),
      () =>
        `batchSize: '${loss.name}' compares ${perSpeaker} utterances of each of several speakers, and a forward pass sees ${batch}. ` +
        `Make batchSize / accumulate a multiple of ${perSpeaker}, at least ${2 * perSpeaker!}.`,
    ],
    [
      correction !== undefined && plugin.scores === false,
      () =>
        `correction: '${loss.name}' has no class scores, so it cannot predict labels. Leave the option correction out.`,
    ],
    [
      prototypes !== undefined && plugin.scores === false,
      () => `prototypes: '${loss.name}' has no class prototypes to start. Leave the option prototypes out.`,
    ],
    [
      margin !== undefined && !hasMargin,
      () => `margin: '${loss.name}' has no margin with these options, which could rise. Leave the option margin out.`,
    ],
    [
      gateJudges === 'with-margin' && !hasMargin,
      () => `gateJudges: '${loss.name}' has no margin with these options to judge with. Leave the option out.`,
    ],
  ]);
  const pluginFaults = Number.isInteger(batch) ? (plugin.check?.(loss.options, { batch }) ?? []) : [];
  return [...faults, ...pluginFaults];
}

/** A loss as a classifier's file names it. */
export const lossWritten = ({ name, options }: PluginChoice<'loss'>) => ({
  loss: name,
  options: asWritten(options) as Record<string, unknown>,
});
