import { messageOf, UserError } from '../../errors.js';
import { formatByteSize } from '../../io/byte-size.js';
import { TensorFlowError } from '../graph/c-api.js';
import { describeParts } from './describe-parts.js';
import type { MemoryPeak } from './memory-parts.js';

/** A run for which there was not enough memory. */
export class OutOfMemoryError extends UserError {}

/** TF_RESOURCE_EXHAUSTED of TensorFlow's C API. */
const RESOURCE_EXHAUSTED = 8;

/** What takes less memory, as options of a recipe. */
export const SAVERS =
  'A smaller batchSize, accumulate: 2 or more, optimizer.stateBits: 8, checkpointing: true or a reversible form of the backbone ' +
  '(prev-... or frev-...) take less; `voxloop plan CONFIG` says how much and what would do';

/** The error of a run that found no memory, or undefined when it failed of something else. */
export function outOfMemory(error: unknown, name: string, predict: () => MemoryPeak): OutOfMemoryError | undefined {
  if (!(error instanceof TensorFlowError) || error.code !== RESOURCE_EXHAUSTED) return undefined;
  const tensor = /tensor with shape\s*(\[[^\]]*\])\s*and type (\w+)/.exec(error.detail);
  const what = tensor ? `a ${tensor[2]} tensor of shape ${tensor[1]}` : 'a tensor';
  return new OutOfMemoryError(`'${name}' ran out of memory when ${what} was to be made.${need(predict)} ${SAVERS}.`);
}

function need(predict: () => MemoryPeak): string {
  try {
    const { peakBytes, parts } = predict();
    return ` It needs about ${formatByteSize(peakBytes)} at its peak: ${describeParts(parts)}.`;
  } catch (error) {
    return ` What it needs could not be said: ${messageOf(error)}.`;
  }
}
