import { UserError } from '../../errors.js';

/** What is wrong with cutting a batch into `count` equal parts of at least two utterances, or undefined. */
export function microBatchFault(batchSize: number, count: number): string | undefined {
  if (batchSize % count === 0 && batchSize / count >= 2) return undefined;
  return (
    `accumulate: ${count} does not cut batchSize: ${batchSize} into equal parts of two utterances or more. ` +
    `Choose a batch size that is a multiple of ${count}, at least ${2 * count}.`
  );
}

/** Throws UserError when a batch cannot be cut so. */
export function checkMicroBatches(batchSize: number, count: number): void {
  const fault = microBatchFault(batchSize, count);
  if (fault) throw new UserError(fault);
}

/**
 * Cuts rows into `count` parts by utterance. `rows` is crop-major (row = crop * batch + utterance), and so is each part.
 * Without a cut the array itself is returned.
 */
export function microBatches(rows: Int16Array, crops: number, batchSize: number, count: number): Int16Array[] {
  if (count === 1) return [rows];
  const width = rows.length / (crops * batchSize);
  const part = batchSize / count;
  return Array.from({ length: count }, (_, i) => {
    const own = new Int16Array(crops * part * width);
    for (let crop = 0; crop < crops; crop++) {
      const from = (crop * batchSize + i * part) * width;
      own.set(rows.subarray(from, from + part * width), crop * part * width);
    }
    return own;
  });
}
