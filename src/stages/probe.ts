import { z } from 'zod';
import { readUtterance, type ShardSet } from '../data/shards/shards.js';
import { checkLibrary } from '../engine/session/with-session.js';
import { UserError } from '../errors.js';
import { probeResult } from '../eval/probing/probe-result.js';
import { drawnUtterances } from '../inspect/probing/drawn-utterances.js';
import type { ProbedNetwork } from '../inspect/probing/layer-vectors.js';
import { probeOptions } from '../inspect/probing/options.js';
import { type ProbedUtterance, probeModel } from '../inspect/probing/probe-model.js';
import { defineStage } from '../plugin/define.js';
import { artifact } from '../plugin/options.js';
import { didYouMeanOrKnown } from '../plugin/suggest.js';
import { openTraining, openTrialLists } from './artifacts/corpus-data.js';
import { networkName, openModelArtifact } from './artifacts/model-artifact.js';
import { modelBuilder } from './training/resolve-plugins.js';

const options = probeOptions.extend({
  corpus: artifact('corpus'),
  model: artifact('model'),
  network: z.string().optional().describe("which of the model's networks; default: the one that is the result"),
  part: z
    .string()
    .default('train')
    .describe('the utterances to probe with: `train`, or those of a trial list, by its name, such as `clean`'),
  untrained: z.boolean().default(true).describe('probe the same network before it has learned anything, too'),
});

/** Asks what each layer of a network knows, by probes and their control tasks. The report shows it. */
export default defineStage({
  name: 'probe',
  summary:
    'Probes what each layer of a network knows: speaker, language, channel, content and more, beside control tasks.',
  options,
  result: probeResult,
  produces: 'probes',
  check: (context) => checkLibrary(context),
  async run(context, { corpus: corpusName, model: modelName, network: asked, part, untrained, ...settings }) {
    const artifactOfModel = context.artifact(modelName);
    const network = networkName(artifactOfModel, asked);
    const model = openModelArtifact(artifactOfModel, network);
    const build = await modelBuilder(context.registry, model.info);
    const shards = shardsOfPart(context.artifact(corpusName), part);
    const { manifest } = openTraining(context.artifact(corpusName));
    const known = new Map(manifest.utterances.map((utterance) => [utterance.id, utterance]));
    const utterances = drawnUtterances(shards.ids.length, settings.most, context.seed).map((i): ProbedUtterance => {
      const { speaker = null, gender = null, language = null } = known.get(shards.ids[i]) ?? {};
      return { id: shards.ids[i], speaker, gender, language, pcm: readUtterance(shards, i) };
    });
    const networks: ProbedNetwork[] = [{ name: network, model, build }];
    if (untrained) networks.push({ name: 'untrained', model, build, untrained });
    return probeModel(networks, utterances, settings, {
      device: context.device,
      threads: context.threads,
      seed: context.seed,
      signal: context.signal,
      progress: (step, total, what) => context.progress.update({ step, total, fields: { network: what } }),
    });
  },
});

/** @throws UserError for a part that is not there, and for stored features, which no channel can be simulated on */
function shardsOfPart(corpus: Parameters<typeof openTraining>[0], part: string): ShardSet {
  const lists = part === 'train' ? [] : openTrialLists(corpus);
  const list = lists.find(({ name }) => name === part);
  if (part !== 'train' && !list) {
    const names = ['train'].concat(lists.map(({ name }) => name));
    throw new UserError(`part: the corpus has no '${part}'${didYouMeanOrKnown(part, names)}.`);
  }
  const shards = list ? list.shards : openTraining(corpus).train;
  if (shards.features)
    throw new UserError('Probing needs recordings, and the corpus holds stored features. Give a corpus of recordings.');
  return shards;
}
