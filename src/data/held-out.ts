import { UserError } from '../errors.js';
import { createRng } from '../random.js';

/**
 * Numbers of the utterances kept out of training on pseudo-labels, ascending: `share` of `count`, drawn by `seed` alone, so that every
 * round of a loop keeps out the same ones. At least two, where the share is not 0.
 *
 * @throws UserError when that leaves nothing to train on
 */
export function heldOut(count: number, share: number, seed: number | string): Int32Array {
  if (share === 0) return new Int32Array(0);
  const wanted = Math.max(2, Math.round(share * count));
  if (wanted >= count) {
    throw new UserError(
      `Of ${count} utterances ${wanted} would be held out, which leaves ${count - wanted} to train on. Lower holdOut or add recordings.`,
    );
  }
  const order = createRng(seed)
    .fork('held out')
    .shuffle(new Int32Array(count).map((_, i) => i));
  return order.slice(0, wanted).sort();
}
