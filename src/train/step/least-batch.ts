/** For a method's `check`: the fault of a forward pass that sees fewer than `least` utterances, `because` of what needs them. */
export const leastBatch = (batch: number, least: number, because: string): string[] =>
  batch >= least
    ? []
    : [
        `${because} at least ${least} utterances at a time, and there are ${batch}: raise batchSize or lower accumulate.`,
      ];
