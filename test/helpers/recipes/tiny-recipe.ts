/** The whole loop on the tiny corpus at `corpus`: a few seconds. Checkpoints after every step, so that a kill hits between. */
export const tinyRecipe = (corpus: string): string => `
name: tiny
seed: 3
device: cpu
stages:
  - {stage: corpus, source: ready, path: ${corpus}}
  - {stage: baseline, corpus: corpus}
  - stage: pretrain
    as: dino
    corpus: corpus
    method: {name: dino, prototypes: 32, hiddenSize: 32, bottleneckSize: 16, emaMomentum: 0.9}
    backbone: {name: tdnn, width: 16, embeddingSize: 16}
    augmentation: [random-channel]
    globalSeconds: 0.6
    localSeconds: 0.4
    batchSize: 8
    steps: 16
    rate: {peak: 0.003}
    checkpointSeconds: 0.001
  - {stage: embed, as: vectors, corpus: corpus, model: dino}
  - {stage: cluster, corpus: corpus, embeddings: vectors, algorithm: {name: kmeans, clusters: 6}}
  - stage: finetune
    as: round1
    corpus: corpus
    clusters: cluster
    prototypes: vectors
    init: dino
    gate: dynamic
    gateFromEpoch: 1
    cropSeconds: 0.6
    batchSize: 8
    epochs: 4
    rate: {peak: 0.003}
    checkpointSeconds: 0.001
  - {stage: embed, as: round1-vectors, corpus: corpus, model: round1}
  - {stage: evaluate, as: dino-result, system: DINO, corpus: corpus, embeddings: vectors, clusters: cluster}
  - {stage: evaluate, as: round1-result, system: round 1, corpus: corpus, embeddings: round1-vectors}
  - stage: report
    corpus: corpus
    baseline: baseline
    systems: [{evaluation: dino-result, model: dino}, {evaluation: round1-result, model: round1}]
    training: [dino, round1]
    map: round1-vectors
`;
