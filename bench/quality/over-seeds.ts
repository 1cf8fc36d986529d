/**
 * A recipe with several seeds: the equal error rate of each of its evaluations on each of its lists, as the mean over seeds with its standard
 * error, and the mean of the differences from one of them with the same seed. Runs that are done are not done again.
 *
 *   npm run build && node dist/bench/quality/over-seeds.js bench/quality/rdino-terms.yaml [--out runs/rdino-terms] [--seeds 3] [--against neither]
 *     [--set corpus.path=DIR ...]
 *
 * --against: the evaluation (`system`) that the others are compared with; else the first. Standard output: Markdown.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { mean, runRecipe, seedsUpTo, stageResult, standardError } from './recipe.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    against: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const [recipe] = positionals;
if (recipe === undefined) throw new Error('the recipe is missing: over-seeds.js RECIPE.yaml');
const out = values.out ?? join('runs', basename(recipe, '.yaml'));
const seeds = seedsUpTo(values.seeds);
const runFolder = (seed: number): string => join(out, `seed${seed}`);

/** The names of the evaluations, in the order of the recipe as the run resolved it. */
function evaluations(run: string): string[] {
  const { stages } = parse(readFileSync(join(run, 'config.yaml'), 'utf8')) as {
    stages: { stage: string; as?: string }[];
  };
  return stages.filter(({ stage }) => stage === 'evaluate').map(({ stage, as }) => as ?? stage);
}

interface Evaluation {
  system: string;
  lists: Record<string, { eer: number }>;
}

for (const seed of seeds) runRecipe({ recipe, out: runFolder(seed), settings: [`seed=${seed}`, ...values.set] });
// For each evaluation its results by seed.
const rows = evaluations(runFolder(seeds[0])).map((name) =>
  seeds.map((seed) => stageResult<Evaluation>(runFolder(seed), name)),
);
const reference = values.against === undefined ? rows[0] : rows.find(([{ system }]) => system === values.against);
if (reference === undefined)
  throw new Error(`no evaluation is called ${values.against}: ${rows.map(([{ system }]) => system).join(', ')}`);

const percent = (rates: readonly number[], signed = false): string => {
  const points = (100 * mean(rates)).toFixed(1);
  return `${signed && mean(rates) >= 0 ? '+' : ''}${points} ± ${(100 * standardError(rates)).toFixed(1)}`;
};
const lists = Object.keys(reference[0].lists);
const ratesOf = (row: readonly Evaluation[], list: string): number[] => row.map((result) => result.lists[list].eer);
const line = (cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`);

line(['system'].concat(lists.flatMap((list) => [`EER %, ${list}`, 'difference'])));
line(['---'].concat(lists.flatMap(() => ['---', '---'])));
for (const row of rows) {
  const cells = lists.flatMap((list) => {
    const [rates, beside] = [ratesOf(row, list), ratesOf(reference, list)];
    const differences = rates.map((rate, i) => rate - beside[i]);
    return [percent(rates), row === reference ? '' : percent(differences, true)];
  });
  line([row[0].system].concat(cells));
}
