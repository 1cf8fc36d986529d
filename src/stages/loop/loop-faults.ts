import { UserError } from '../../errors.js';
import { choosePlugin } from '../../plugin/choose-plugin.js';
import type { CheckContext } from '../../plugin/stage.js';
import { largeMarginLoss } from './large-margin.js';
import type { LoopOptions } from './options.js';

/** What the rounds and the last training cannot work with, beyond what a round's training says itself. */
export async function loopFaults({ registry }: CheckContext, given: LoopOptions): Promise<string[]> {
  const { loss } = given.training;
  const { scores } = await registry.load('loss', loss.name);
  if (scores === false)
    return [
      `training.loss: '${loss.name}' has no class prototypes for a round to start from. Choose a loss over classes.`,
    ];
  if (!given.largeMargin) return [];
  const { name, ...options } = largeMarginLoss(loss, given.largeMargin.margin);
  try {
    await choosePlugin(registry, 'loss', name, options, `'${name}'`);
    return [];
  } catch (error) {
    if (error instanceof UserError)
      return [`largeMargin: ${error.message}. Choose a loss with such a margin, or leave largeMargin out.`];
    throw error;
  }
}
