import { messageOf, UserError } from '../../errors.js';
import { formatByteSize } from '../../io/byte-size.js';
import { TensorFlowError } from '../graph/c-api.js';
import { describeParts } from './describe-parts.js';
import type { MemoryPeak } from './memory-parts.js';

/** A run for which there was not enough memory. */
export class OutOfMemoryError extends UserError {}

/** TF_RESOURCE_EXHAUSTED of TensorFlow's C API. */
const RESOURCE_EXHAUSTED = 8;

/** Options of a recipe that save memory. */
export const SAVERS =
  'A smaller batchSize, accumulate: 2 or more, optimizer.stateBits: 8, checkpointing: true or a reversible form of the backbone ' +
  '(prev-... or frev-...) saves memory; `voxloop plan CONFIG` shows how much each of them saves';

/** The error of a run that ran out of memory; undefined when it failed for another reason. */
export function outOfMemory(error: unknown, name: string, predict: () => MemoryPeak): OutOfMemoryError | undefined {
  if (!(error instanceof TensorFlowError) || error.code !== RESOURCE_EXHAUSTED) return undefined;
  const tensor = /tensor with shape\s*(\[[^\]]*\])\s*and type (\w+)/.exec(error.detail);
  const what = tensor ? `a ${tensor[2]} tensor of shape ${tensor[1]}` : 'a tensor';
  return new OutOfMemoryError(`'${name}' ran out of memory allocating ${what}.${need(predict)} ${SAVERS}.`);
}

function need(predict: () => MemoryPeak): string {
  try {
    const { peakBytes, parts } = predict();
    return ` It needs about ${formatByteSize(peakBytes)} at its peak: ${describeParts(parts)}.`;
  } catch (error) {
    return ` Its need could not be predicted: ${messageOf(error)}.`;
  }
}
