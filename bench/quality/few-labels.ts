/**
 * Fine-tuning a self-supervised network with few labels against training from scratch on the same ones, and large-margin fine-tuning
 * after both, AS-norm and QMF calibration after the one: few-labels.yaml says how. Runs that are done are not done again.
 *
 *   npm run build && node dist/bench/quality/few-labels.js --corpus DIR [--out runs/few-labels] [--seeds 3] [--set scratch.epochs=30 ...]
 *
 * DIR is a folder made by `voxloop corpus debian`. Standard output: a line of JSON for each system, with its equal error rates on the
 * channel list by seed, their mean and its standard error; then one with what the means come to, as relative changes.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { mean, repository, runRecipe, seedsUpTo, stageResult, standardError } from './recipe.js';

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    out: { type: 'string', default: 'runs/few-labels' },
    seeds: { type: 'string', default: '3' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
if (!values.corpus) throw new Error('--corpus DIR is missing');

const corpus = resolve(values.corpus);
const seeds = seedsUpTo(values.seeds);
const SYSTEMS = ['dino', 'scratch', 'pretrained', 'scratch-large-margin', 'pretrained-large-margin'];
/** Parts of the back-end, by the names of their rules. */
const PARTS = ['as-norm', 'calibrated'];

const runFolder = (seed: number): string => join(values.out, `seed${seed}`);

interface Result {
  lists: Record<string, { eer: number; byRule: Record<string, { eer: number }> }>;
}

const channelOf = (seed: number, system: string): Result['lists'][string] =>
  stageResult<Result>(runFolder(seed), `${system}-result`).lists.channel;

for (const seed of seeds) {
  const settings = [`seed=${seed}`, `corpus.path=${corpus}`, ...values.set];
  runRecipe({ recipe: repository('bench/quality/few-labels.yaml'), out: runFolder(seed), settings });
}
const means = new Map<string, number>();
const eers = {
  ...Object.fromEntries(SYSTEMS.map((system) => [system, (seed: number) => channelOf(seed, system).eer])),
  ...Object.fromEntries(PARTS.map((part) => [part, (seed: number) => channelOf(seed, 'backend').byRule[part].eer])),
};
for (const [system, eerOf] of Object.entries(eers)) {
  const channelEer = seeds.map(eerOf);
  means.set(system, mean(channelEer));
  console.log(
    JSON.stringify({ system, seeds, channelEer, mean: mean(channelEer), standardError: standardError(channelEer) }),
  );
}
/** Relative difference of the mean error of `system` from that of `against`; negative if it is lower. */
const change = (system: string, against: string): number => means.get(system)! / means.get(against)! - 1;
console.log(
  JSON.stringify({
    pretrainedAgainstScratch: change('pretrained', 'scratch'),
    largeMarginAfterScratch: change('scratch-large-margin', 'scratch'),
    largeMarginAfterPretrained: change('pretrained-large-margin', 'pretrained'),
    pretrainedAgainstScratchWithLargeMargin: change('pretrained-large-margin', 'scratch-large-margin'),
    asNormAfterPretrained: change('as-norm', 'pretrained'),
    asNormAndQmfAfterPretrained: change('calibrated', 'pretrained'),
  }),
);
