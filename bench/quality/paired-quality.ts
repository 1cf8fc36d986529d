/**
 * The cost of 8-bit optimizer states and reversible networks in quality: SimCLR on a small ResNet34, several seeds, each variant on the
 * same data in the same order; paired-quality.yaml says how. A run that was stopped goes on where it was.
 *
 *   node dist/bench/quality/paired-quality.js [--out runs/paired-quality] [--seeds 5] [--corpus DIR] [--set plain.steps=20 ...]
 *
 * Standard output: one line of JSON; EERs and losses are means over seeds, differences are against the plain network.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readMetrics } from '../../src/train/metrics-log.js';
import { mean, repository, runRecipe, seedsUpTo, stageResult, standardError } from './recipe.js';

const VARIANTS = ['plain', 'plain-8bit', 'frev'];
const LAST_STEPS = 20;

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'runs/paired-quality' },
    seeds: { type: 'string', default: '5' },
    corpus: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const seeds = seedsUpTo(values.seeds);

const runFolder = (seed: number): string => join(values.out, `seed${seed}`);

function run(seed: number): void {
  const corpus = values.corpus ? ['corpus.source=ready', `corpus.path=${values.corpus}`] : [];
  const settings = [`seed=${seed}`, ...corpus, ...values.set];
  runRecipe({ recipe: repository('bench/quality/paired-quality.yaml'), out: runFolder(seed), settings });
}

/** Mean loss of the last steps and EER on the channel list. */
function figures(seed: number, variant: string): { loss: number; eer: number } {
  const losses = readMetrics(join(runFolder(seed), 'stages', variant, 'metrics.jsonl')).slice(-LAST_STEPS);
  const { lists } = stageResult<{ lists: { channel: { eer: number } } }>(runFolder(seed), `${variant}-result`);
  return { loss: mean(losses.map(({ loss }) => loss)), eer: lists.channel.eer };
}

for (const seed of seeds) run(seed);
const plain = seeds.map((seed) => figures(seed, 'plain'));
const table = VARIANTS.map((variant) => {
  const rows = seeds.map((seed) => figures(seed, variant));
  const differences = rows.map(({ eer }, i) => eer - plain[i].eer);
  return {
    variant,
    loss: mean(rows.map(({ loss }) => loss)),
    lossRatio: mean(rows.map(({ loss }) => loss)) / mean(plain.map(({ loss }) => loss)),
    eer: mean(rows.map(({ eer }) => eer)),
    eerDifference: mean(differences),
    eerStandardError: standardError(differences),
    relativeEerDifference: mean(differences) / mean(plain.map(({ eer }) => eer)),
  };
});
console.log(JSON.stringify({ seeds, variants: table }));
