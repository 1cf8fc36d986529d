import { relative } from 'node:path';
import { nmi } from '../../eval/clustering-metrics.js';
import { asWritten } from '../../plugin/options.js';
import { readResult } from '../../plugin/read-result.js';
import type { Artifact, StageContext } from '../../plugin/stage.js';
import { trialListNames } from '../artifacts/corpus-data.js';
import { evaluationResult } from '../artifacts/evaluation.js';
import { clustersResult, readLabels } from '../artifacts/pseudo-labels.js';
import cropTrials from '../crop-trials.js';
import { finetuneResult } from '../finetune/result.js';
import type { LoopOptions } from './options.js';
import type { Round } from './round.js';

/** Options as they are written in a config, without those that are null. */
export function written(value: unknown): Record<string, unknown> {
  const entries = Object.entries(asWritten(value) as object);
  return Object.fromEntries(entries.filter(([, option]) => option !== null));
}

/** Embeds the corpus with the network `model` and clusters the embeddings into the labels of round `round`. */
export async function clusterFor(
  { inner }: StageContext,
  options: LoopOptions,
  round: number,
  model: string,
): Promise<Artifact> {
  const { corpus, subtractMean, holdOut } = options;
  const embeddings = `embeddings-${round - 1}`;
  await inner(embeddings, 'embed', { corpus, model });
  const algorithm = written(options.perRound[round - 1]?.algorithm ?? options.algorithm);
  return inner(`clusters-${round}`, 'cluster', { corpus, embeddings, algorithm, subtractMean, holdOut });
}

/**
 * Trains on the clusters of the round from the network `last`, and clusters the embeddings that come out of it for the next round.
 * Every step is an inner stage, so that a killed run resumes where it was.
 */
export async function runRound(
  context: StageContext,
  options: LoopOptions,
  round: number,
  last: string,
): Promise<Round> {
  const { inner } = context;
  const { corpus, holdOut, training, init, trialBatches: batches } = options;
  const clusters = context.artifact(`clusters-${round}`);
  const fromStart = options.startFrom === 'stage-1';
  const gate = options.perRound[round - 1]?.gate ?? training.gate;
  const network = `round-${round}`;
  const model = await inner(network, 'finetune', {
    ...written(training),
    gate: written(gate),
    corpus,
    clusters: `clusters-${round}`,
    init: fromStart ? init : last,
    // Prototypes have to lie where the network that starts puts its embeddings.
    prototypes: `embeddings-${fromStart ? 0 : round - 1}`,
  });
  const augmentation = training.augmentation.map(written);
  const { cropSeconds } = training;
  const judging = { corpus, model: network, holdOut, batches, augmentation, cropSeconds };
  const trials = await inner(`trials-${round}`, 'crop-trials', judging);
  const next = await clusterFor(context, options, round + 1, network);
  const trained = readResult(model, finetuneResult);
  const { clusters: count, nmi, purity } = readResult(clusters, clustersResult);
  return {
    round,
    network,
    folder: relative(context.dir, model.dir),
    training: trained,
    kept: trained.kept ?? 1,
    corrected: trained.corrected ?? 0,
    cropEer: readResult(trials, cropTrials.result).eer,
    agreement: agreementOf(readLabels(clusters), readLabels(next)),
    clusters: count,
    nmi,
    purity,
    eer: await eerByList(context, options, network, `embeddings-${round}`),
  };
}

/** NMI over the utterances that have a label in both. */
function agreementOf(before: Int32Array, after: Int32Array): number {
  const both = [...before.keys()].filter((i) => before[i] >= 0 && after[i] >= 0);
  return nmi(
    both.map((i) => before[i]),
    both.map((i) => after[i]),
  );
}

/** Empty for a corpus without trial lists. */
async function eerByList(
  context: StageContext,
  { corpus }: LoopOptions,
  system: string,
  embeddings: string,
): Promise<Record<string, number>> {
  if (trialListNames(context.artifact(corpus)).length === 0) return {};
  const result = await context.inner(`result-${system}`, 'evaluate', { corpus, embeddings, system, rule: 'raw' });
  const { lists } = readResult(result, evaluationResult);
  return Object.fromEntries(Object.entries(lists).map(([name, { eer }]) => [name, eer]));
}
