import { z } from 'zod';
import type { PluginChoice } from '../../plugin/options.js';
import type { StageContext } from '../../plugin/stage.js';
import { formatPercent } from '../../report/format.js';
import type { LoopOptions } from './options.js';
import { type Round, written } from './run-round.js';

/** What the last training brought. */
export type LargeMarginResult = {
  network: string;
  /** EER of crop trials of as long crops, before and after. */
  cropEer: { before: number; after: number };
  /** Whether the network is kept. */
  better: boolean;
};

/** Options of the rounds that do not hold here: the margin is there at once, everything learns, and clusters are the only classes. */
const OF_ROUNDS = ['steps', 'margin', 'freeze', 'speeds'];

const judged = z.object({ eer: z.number() });

/** The loss as it is written with a larger margin; wrong classes are no longer brought nearer, as that was published. */
export function largeMarginLoss(loss: PluginChoice<'loss'>, margin: number) {
  const { interTopK: _, ...options } = written(loss.options);
  return { name: loss.name, ...options, margin };
}

/**
 * Trains the best round's network on the labels that its own embeddings lead to, with a larger margin on longer crops (Thienpondt et
 * al. 2021). It is kept when crop trials do not get worse by it.
 */
export async function finishWithLargeMargin(
  context: StageContext,
  given: LoopOptions,
  { round, network: init }: Round,
): Promise<LargeMarginResult> {
  const { corpus, training, holdOut, trialBatches } = given;
  const { margin, cropSeconds, epochs, rate } = given.largeMargin!;
  const network = 'large-margin';
  const options = Object.fromEntries(Object.entries(written(training)).filter(([name]) => !OF_ROUNDS.includes(name)));
  await context.inner(network, 'finetune', {
    ...{
      ...options,
      corpus,
      init,
      clusters: `clusters-${round + 1}`,
      prototypes: `embeddings-${round}`,
      cropSeconds,
      epochs,
    },
    loss: largeMarginLoss(training.loss, margin),
    rate,
  });
  const eerOf = async (as: string, model: string) => {
    const augmentation = training.augmentation.map(written);
    const options = { corpus, model, holdOut, batches: trialBatches, augmentation, cropSeconds };
    return judged.parse((await context.inner(as, 'crop-trials', options)).result).eer;
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
