/** Options that make each loss smooth enough for differences. Every registered loss needs an entry. */
export const smoothLossOptions: Record<string, Record<string, unknown>[]> = {
  softmax: [{}],
  'am-softmax': [{ scale: 6 }],
  'aam-softmax': [{ scale: 6 }, { scale: 6, subCenters: 3, center: 1, interTopK: { classes: 2, margin: 0.3 } }],
  'a-softmax': [{ annealing: { from: 0, least: 1 } }],
  sphereface2: [{ scale: 6 }, { scale: 6, type: 'A' }],
  triplet: [
    { margin: 1, negatives: 'random' },
    { margin: 1, negatives: 'semi-hard' },
    { margin: 1, negatives: 'hardest', unitLength: false },
  ],
  prototypical: [{}],
  'angular-prototypical': [{}],
  ge2e: [
    { utterancesPerSpeaker: 2, form: 'softmax' },
    { utterancesPerSpeaker: 2, form: 'contrast' },
  ],
};
