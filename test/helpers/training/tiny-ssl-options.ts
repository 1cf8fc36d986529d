/**
 * Options that make each method tiny: batches of 4, an embedding of 6. Every registered method needs an entry. Short warm-ups,
 * freezes and queues, so that a few steps pass all of them.
 */
export const tinySslOptions: Record<string, Record<string, unknown>> = {
  dino: { prototypes: 10, hiddenSize: 8, bottleneckSize: 6, localCrops: 1, frozenEpochs: 0.5 },
  rdino: {
    prototypes: 10,
    hiddenSize: 8,
    bottleneckSize: 6,
    localCrops: 1,
    frozenEpochs: 0.5,
    tapSize: 8,
    weightWarmupEpochs: 1,
  },
  sdpn: { prototypes: 10, hiddenSize: 8, bottleneckSize: 6, localCrops: 2 },
  byol: { projection: [8, 6], predictorSize: 8 },
  simsiam: { projection: [8, 8, 6], bottleneckSize: 4 },
  simclr: { projection: [8, 6], loss: 'angular-prototypical' },
  moco: { queue: 8, projection: [8, 6] },
  swav: { prototypes: 10, projection: [8, 6], queue: 8, queueEpochs: 0.5, frozenEpochs: 0.5 },
  'masked-units': { units: 6, unitSteps: 2, span: 3, startShare: 0.3, projectionSize: 8 },
  vicreg: { projection: [8, 6] },
  'barlow-twins': { projection: [8, 6] },
};
