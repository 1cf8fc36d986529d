import { join } from 'node:path';
import { readModel, writeModel } from '../../embed/model-file.js';
import { defineStage } from '../../plugin/define.js';
import type { StageContext } from '../../plugin/stage.js';
import { formatPercent } from '../../report/format.js';
import finetune from '../finetune/finetune.js';
import { bestRound, isOver } from './judge-rounds.js';
import { finishWithLargeMargin } from './large-margin.js';
import { loopFaults } from './loop-faults.js';
import { type LoopOptions, loopOptions } from './options.js';
import { clusterFor, type Round, runRound } from './run-round.js';

/**
 * Rounds of clustering and gated training on pseudo-labels (Tao et al. 2022; Han et al. 2022), until they bring nothing more. The round
 * that is kept is chosen without a speaker label.
 */
export default defineStage({
  name: 'loop',
  summary: 'Rounds of clustering and gated training on pseudo-labels, stopped and chosen without labels.',
  options: loopOptions,
  produces: 'model',
  convertible: (finetune.convertible ?? []).map((option) => `training.${option}`),
  check: async (context, given) => [
    ...((await finetune.check?.(context, firstRound(given))) ?? []),
    ...(await loopFaults(context, given)),
  ],
  async sketch(context, given) {
    const { algorithm } = given;
    const options = (name: string) => (name === 'clusters-1' ? { algorithm } : context.options(name));
    return finetune.sketch!({ ...context, options }, firstRound(given));
  },
  async run(context, given) {
    await clusterFor(context, given, 1, given.init);
    const rounds: Round[] = [];
    while (rounds.length < given.rounds && !isOver(rounds, given.patience)) {
      const round = await runRound(context, given, rounds.length + 1, rounds.at(-1)?.network ?? given.init);
      rounds.push(round);
      context.log(lineOf(round));
    }
    const best = rounds[bestRound(rounds)];
    context.log(`round ${best.round} is kept: no label was used to choose it`);
    const last = given.largeMargin ? await finishWithLargeMargin(context, given, best) : null;
    const network = last?.better ? last.network : best.network;
    copyNetwork(context, network);
    return {
      networks: ['network'],
      selected: best.round,
      rounds: rounds.map((round) => ({ ...round })),
      largeMargin: last,
    };
  },
});

/** What round 1 is trained by. */
function firstRound({ corpus, init, training }: LoopOptions) {
  const filledIn = { corpus, init, clusters: 'clusters-1', classifier: 'new' as const };
  return { ...training, ...filledIn, correction: training.correction ?? undefined };
}

function lineOf({ round, clusters, kept, agreement, cropEer, eer }: Round): string {
  const lists = Object.entries(eer).map(([name, value]) => `, ${name} EER ${formatPercent(value)}`);
  return (
    `round ${round}: ${clusters} clusters, ${formatPercent(kept)} kept, agreement with the next labels ${agreement.toFixed(3)}, ` +
    `crop EER ${formatPercent(cropEer)}${lists.join('')}`
  );
}

function copyNetwork({ artifact, dir }: StageContext, name: string): void {
  const { info, weights } = readModel(join(artifact(name).dir, 'models', 'network'));
  const { format: _, ...rest } = info;
  writeModel(join(dir, 'models', 'network'), rest, weights);
}
