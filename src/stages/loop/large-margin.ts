import { z } from 'zod';
import type { PluginChoice } from '../../plugin/options.js';
import { readResult } from '../../plugin/read-result.js';
import type { StageContext } from '../../plugin/stage.js';
import { formatPercent } from '../../report/format.js';
import cropTrials from '../crop-trials.js';
import type { LoopOptions } from './options.js';
import type { Round } from './round.js';
import { written } from './run-round.js';

/** The outcome of the last training. */
export const largeMarginResult = z.object({
  network: z.string(),
  /** EER of crop trials with crops of the same length, before and after. */
  cropEer: z.object({ before: z.number(), after: z.number() }),
  /** True where the network is kept. */
  better: z.boolean(),
});

/** Options of the rounds that are dropped here: the full margin applies from the start, nothing is frozen, and clusters are the only classes. */
const OF_ROUNDS = ['steps', 'margin', 'freeze', 'speeds'];

/** The loss with a larger margin, as it is written in a config; without interTopK, as published. */
export function largeMarginLoss(loss: PluginChoice<'loss'>, margin: number) {
  const { interTopK: _, ...options } = written(loss.options);
  return { name: loss.name, ...options, margin };
}

/**
 * Trains the best round's network on the labels that its own embeddings lead to, with a larger margin on longer crops (Thienpondt,
 * Desplanques and Demuynck, "The IDLAB VoxSRC-20 submission: large margin fine-tuning and quality-aware score calibration in DNN based
 * speaker verification", 2021, arXiv:2010.11255). The network is kept if crop trials do not get worse.
 */
export async function finishWithLargeMargin(
  context: StageContext,
  { corpus, training, holdOut, trialBatches, ...options }: LoopOptions,
  { round, network: init }: Round,
): Promise<z.output<typeof largeMarginResult>> {
  const { margin, cropSeconds, epochs, rate } = options.largeMargin!;
  const network = 'large-margin';
  const kept = Object.entries(written(training)).filter(([name]) => !OF_ROUNDS.includes(name));
  await context.inner(network, 'finetune', {
    ...Object.fromEntries(kept),
    corpus,
    init,
    clusters: `clusters-${round + 1}`,
    prototypes: `embeddings-${round}`,
    cropSeconds,
    epochs,
    loss: largeMarginLoss(training.loss, margin),
    rate,
  });
  const eerOf = async (as: string, model: string) => {
    const augmentation = training.augmentation.map(written);
    const judging = { corpus, model, holdOut, batches: trialBatches, augmentation, cropSeconds };
    return readResult(await context.inner(as, 'crop-trials', judging), cropTrials.result).eer;
  };
  const cropEer = {
    before: await eerOf('trials-before-large-margin', init),
    after: await eerOf('trials-large-margin', network),
  };
  const better = cropEer.after <= cropEer.before;
  context.log(
    `large margin: crop EER ${formatPercent(cropEer.before)} before, ${formatPercent(cropEer.after)} after; ${better ? 'kept' : 'not kept'}`,
  );
  return { network, cropEer, better };
}
