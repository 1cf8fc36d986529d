import { relative } from 'node:path';
import { z } from 'zod';
import { nmi } from '../../eval/clustering-metrics.js';
import type { Json } from '../../plugin/json.js';
import { asWritten } from '../../plugin/options.js';
import type { Artifact, StageContext } from '../../plugin/stage.js';
import { openCorpus } from '../artifacts/corpus-data.js';
import { readLabels } from '../artifacts/pseudo-labels.js';
import type { Judgement } from './judge-rounds.js';
import type { LoopOptions } from './options.js';

/** A round that is done: what it is judged by, and what is known of it where speakers are known. */
export interface Round extends Judgement {
  round: number;
  /** The artifact of its network, and its folder within the loop's. */
  network: string;
  folder: string;
  /** What its training says of itself. */
  training: Json;
  clusters: number;
  corrected: number;
  /** Of the pseudo-labels it was trained on. */
  nmi: number | null;
  purity: number | null;
  /** EER of each trial list, for measurement only. */
  eer: Record<string, number>;
}

/** Options as a config has them; what is null is left out. */
export function written(value: unknown): Record<string, unknown> {
  const entries = Object.entries(asWritten(value) as object);
  return Object.fromEntries(entries.filter(([, option]) => option !== null));
}

/** Embeds the corpus with the network `model` and clusters it: what round `round` is trained on. */
export async function clusterFor(
  { inner }: StageContext,
  given: LoopOptions,
  round: number,
  model: string,
): Promise<Artifact> {
  const { corpus, subtractMean, holdOut } = given;
  const embeddings = `embeddings-${round - 1}`;
  await inner(embeddings, 'embed', { corpus, model });
  const algorithm = written(given.perRound[round - 1]?.algorithm ?? given.algorithm);
  return inner(`clusters-${round}`, 'cluster', { corpus, embeddings, algorithm, subtractMean, holdOut });
}

const trained = z.object({ kept: z.number().nullable(), corrected: z.number().nullable() });
const clustered = z.object({ clusters: z.number(), nmi: z.number().nullable(), purity: z.number().nullable() });
const judged = z.object({ eer: z.number() });
const evaluated = z.object({ lists: z.record(z.string(), z.object({ eer: z.number() })) });

/**
 * Trains on the clusters of the round from the network `last`, and clusters the embeddings that come out of it for the next
 * round; every part of it is an inner stage, which a killed run goes on with.
 */
export async function runRound(context: StageContext, given: LoopOptions, round: number, last: string): Promise<Round> {
  const { inner } = context;
  const { corpus, holdOut } = given;
  const clusters = context.artifact(`clusters-${round}`);
  const fromStart = given.startFrom === 'stage-1';
  const gate = given.perRound[round - 1]?.gate ?? given.training.gate;
  const network = `round-${round}`;
  const options = {
    ...{ ...written(given.training), gate: written(gate), corpus, clusters: `clusters-${round}` },
    // Prototypes have to lie where the network that starts puts its embeddings.
    ...{ init: fromStart ? given.init : last, prototypes: `embeddings-${fromStart ? 0 : round - 1}` },
  };
  const model = await inner(network, 'finetune', options);
  const { augmentation, cropSeconds } = given.training;
  const trials = await inner(`trials-${round}`, 'crop-trials', {
    ...{ corpus, model: network, holdOut, batches: given.trialBatches },
    ...{ augmentation: augmentation.map(written), cropSeconds },
  });
  const next = await clusterFor(context, given, round + 1, network);
  const { kept, corrected } = trained.parse(model.result);
  return {
    ...{ round, network, folder: relative(context.dir, model.dir), training: model.result },
    ...{ kept: kept ?? 1, corrected: corrected ?? 0, cropEer: judged.parse(trials.result).eer },
    agreement: agreementOf(clusters, next, openCorpus(context.artifact(corpus)).train.ids.length),
    ...clustered.parse(clusters.result),
    eer: await eerByList(context, given, network, `embeddings-${round}`),
  };
}

/** Of the utterances that both have a label for. */
function agreementOf(a: Artifact, b: Artifact, utterances: number): number {
  const [before, after] = [readLabels(a, utterances), readLabels(b, utterances)];
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
  if (openCorpus(context.artifact(corpus)).lists.length === 0) return {};
  const { result } = await context.inner(`result-${system}`, 'evaluate', { corpus, embeddings, system, rule: 'raw' });
  const { lists } = evaluated.parse(result);
  return Object.fromEntries(Object.entries(lists).map(([name, { eer }]) => [name, eer]));
}
