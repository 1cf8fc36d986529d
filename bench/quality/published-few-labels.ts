/**
 * Fine-tuning a published network with few labels against itself as it comes, and against the same network from scratch on the same labels:
 * published-few-labels.yaml says how. The labels are those of few-labels, whose systems stand beside. Runs that are done are not done again.
 *
 *   npm run build && node dist/bench/quality/published-few-labels.js --corpus DIR --model DIR [--out runs/published-few-labels] [--seeds 3]
 *
 * --corpus is the folder of a corpus with speakers, such as `voxloop corpus debian` or the stage `corpus` of configs/real-speech.yaml makes, --model
 * one made by `voxloop import` of Resemblyzer. Standard output: a line of JSON for each system and trial list, with equal error rates by seed, their mean and its standard error.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { mean, repository, runRecipe, seedsUpTo, stageResult, standardError } from './recipe.js';

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    model: { type: 'string' },
    out: { type: 'string', default: 'runs/published-few-labels' },
    seeds: { type: 'string', default: '3' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
if (!values.corpus || !values.model) throw new Error('--corpus DIR and --model DIR are needed');

const paths = [`corpus.path=${resolve(values.corpus)}`, `published.path=${resolve(values.model)}`];
const seeds = seedsUpTo(values.seeds);
const runFolder = (seed: number): string => join(values.out, `seed${seed}`);

for (const seed of seeds) {
  const settings = [`seed=${seed}`].concat(paths, values.set);
  runRecipe({ recipe: repository('bench/quality/published-few-labels.yaml'), out: runFolder(seed), settings });
}
for (const system of ['published', 'scratch', 'tuned']) {
  const results = seeds.map(
    (seed) => stageResult<{ lists: Record<string, { eer: number }> }>(runFolder(seed), `${system}-result`).lists,
  );
  for (const list of Object.keys(results[0])) {
    const eers = results.map((lists) => lists[list].eer);
    console.log(JSON.stringify({ system, list, seeds, eers, mean: mean(eers), standardError: standardError(eers) }));
  }
}
