import { z } from 'zod';
import { readModel, writeModel } from '../../embed/model-file.js';
import { UserError } from '../../errors.js';
import { choosePlugin } from '../../plugin/choose-plugin.js';
import { defineStage } from '../../plugin/define.js';
import { faultsWhere } from '../../plugin/faults.js';
import type { PluginChoice } from '../../plugin/options.js';
import type { CheckContext, StageContext } from '../../plugin/stage.js';
import { formatPercent } from '../../report/format.js';
import { modelResult, networkDir } from '../artifacts/model-artifact.js';
import finetune from '../finetune/finetune.js';
import { bestRound, isOver } from './judge-rounds.js';
import { finishWithLargeMargin, largeMarginLoss, largeMarginResult } from './large-margin.js';
import { type LoopOptions, loopOptions } from './options.js';
import { type Round, roundResult } from './round.js';
import { recordRounds } from './rounds-record.js';
import { clusterFor, runRound } from './run-round.js';

/** The network that was kept, and what led to it. */
const loopResult = modelResult.extend({
  /** Number of the round whose network was kept. */
  selected: z.number(),
  rounds: z.array(roundResult),
  /** Null without a last training. */
  largeMargin: largeMarginResult.nullable(),
});

/**
 * Rounds of clustering and gated training on pseudo-labels, until they improve nothing; the round to keep is chosen without a speaker
 * label. After Tao et al., "Self-supervised speaker recognition with loss-gated learning", 2022, arXiv:2110.03869, and Han, Chen and
 * Qian, "Self-supervised speaker verification using dynamic loss-gate and label correction", 2022, arXiv:2208.01928.
 */
export default defineStage({
  name: 'loop',
  summary: 'Rounds of clustering and gated training on pseudo-labels, stopped and chosen without labels.',
  options: loopOptions,
  result: loopResult,
  produces: 'model',
  inEveryWorker: true,
  convertible: (finetune.convertible ?? []).map((option) => `training.${option}`),
  check: async (context, options) => [
    ...((await finetune.check?.(context, firstRound(options))) ?? []),
    ...(await loopFaults(context, options)),
  ],
  async sketch(context, loop) {
    const { algorithm } = loop;
    const options = (name: string) => (name === 'clusters-1' ? { algorithm } : context.options(name));
    return finetune.sketch!({ ...context, options }, firstRound(loop));
  },
  async run(context, options) {
    await clusterFor(context, options, 1, options.init);
    const rounds: Round[] = [];
    while (rounds.length < options.rounds && !isOver(rounds, options.patience)) {
      const last = rounds.at(-1)?.network ?? options.init;
      const round = await runRound(context, options, rounds.length + 1, last);
      rounds.push(round);
      recordRounds(context.dir, rounds);
      context.log(lineOf(round));
    }
    const best = rounds[bestRound(rounds)];
    context.log(`round ${best.round} is kept: no label was used to choose it`);
    const last = options.largeMargin ? await finishWithLargeMargin(context, options, best) : null;
    const network = last?.better ? last.network : best.network;
    copyNetwork(context, network);
    return {
      networks: ['network'],
      selected: best.round,
      rounds,
      largeMargin: last,
    };
  },
});

/** Options of the training of round 1. */
function firstRound({ corpus, init, training }: LoopOptions) {
  const filledIn = { corpus, init, clusters: 'clusters-1', classifier: 'new' as const };
  return { ...training, ...filledIn, correction: training.correction ?? undefined };
}

/** Faults in the options of the rounds and the last training, beyond those of a round's training. */
async function loopFaults(
  { registry }: CheckContext,
  { training: { loss }, largeMargin, perRound, rounds }: LoopOptions,
): Promise<string[]> {
  const { scores } = await registry.load('loss', loss.name);
  return [
    ...faultsWhere([
      [
        perRound.length > rounds,
        () => `perRound: ${perRound.length} entries for ${rounds} rounds: the last would do nothing. Leave them out.`,
      ],
      [
        scores === false,
        () =>
          `training.loss: '${loss.name}' has no class prototypes for a round to start from. Choose a loss over classes.`,
      ],
    ]),
    ...(largeMargin && scores !== false ? await marginFaults(registry, loss, largeMargin.margin) : []),
  ];
}

/** The fault of a large margin that the loss cannot have: found before the first round, not after the last. */
async function marginFaults(
  registry: CheckContext['registry'],
  loss: PluginChoice<'loss'>,
  margin: number,
): Promise<string[]> {
  const { name, ...options } = largeMarginLoss(loss, margin);
  const advice = 'Choose a loss with such a margin, or leave largeMargin out.';
  try {
    const large = await choosePlugin(registry, 'loss', name, options, `'${name}'`);
    const { hasMargin } = await registry.load('loss', name);
    return hasMargin?.(large.options) === false ? [`largeMargin: '${name}' has no margin. ${advice}`] : [];
  } catch (error) {
    if (error instanceof UserError) return [`largeMargin: ${error.message}. ${advice}`];
    throw error;
  }
}

function lineOf({ round, clusters, kept, agreement, cropEer, eer }: Round): string {
  const lists = Object.entries(eer).map(([name, value]) => `, ${name} EER ${formatPercent(value)}`);
  return (
    `round ${round}: ${clusters} clusters, ${formatPercent(kept)} kept, agreement with the next labels ${agreement.toFixed(3)}, ` +
    `crop EER ${formatPercent(cropEer)}${lists.join('')}`
  );
}

function copyNetwork({ artifact, dir }: StageContext, name: string): void {
  const { info, weights, packed } = readModel(networkDir(artifact(name), 'network'));
  const { format: _, ...rest } = info;
  writeModel(networkDir({ dir }, 'network'), rest, weights, null, packed);
}
