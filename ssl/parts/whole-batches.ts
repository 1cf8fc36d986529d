/** For a method's `check`: the fault of a queue that does not hold whole batches. */
export const wholeBatches = (method: string, queue: number, batch: number): string[] =>
  queue % batch === 0
    ? []
    : [
        `${method}: each batch replaces the oldest one in the queue, so its ${queue} rows must be a multiple of the ${batch} ` +
          `utterances of a forward pass: set queue to ${Math.max(1, Math.round(queue / batch)) * batch}, or change batchSize.`,
      ];
