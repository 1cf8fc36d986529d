/** A small loop on the tiny corpus at `corpus`: two rounds, correction and a large-margin finish in some seconds. */
export const tinyLoop = (corpus: string): string => `
name: tiny-loop
seed: 3
device: cpu
threads: 1
stages:
  - {stage: corpus, source: ready, path: ${corpus}}
  - stage: pretrain
    as: simclr
    corpus: corpus
    method: simclr
    backbone: {name: tdnn, width: 8, embeddingSize: 8}
    globalSeconds: 0.5
    batchSize: 8
    steps: 6
    rate: {peak: 0.003}
    checkpointSeconds: 0.001
  - stage: loop
    corpus: corpus
    init: simclr
    algorithm: {name: kmeans, clusters: 5, restarts: 1}
    rounds: 2
    trialBatches: 4
    training:
      gate: {name: fixed, threshold: 8}
      gateFromEpoch: 1
      correction: {fromEpoch: 2}
      augmentation: [random-channel]
      cropSeconds: 0.5
      batchSize: 8
      epochs: 4
      rate: {peak: 0.003}
      checkpointSeconds: 0.001
    largeMargin: {margin: 0.3, cropSeconds: 0.7, epochs: 1, rate: {peak: 0.0005}}
  - {stage: embed, as: vectors, corpus: corpus, model: loop}
  - {stage: evaluate, as: result, system: loop, corpus: corpus, embeddings: vectors}
  - {stage: report, corpus: corpus, systems: [{evaluation: result, model: loop}], training: [simclr, loop]}
`;
