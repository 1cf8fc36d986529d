/**
 * The official recipes of configs/voxceleb end to end, at a small size: builds trees in the layout of VoxCeleb, MUSAN and RIRS_NOISES
 * from another corpus (bench/corpora/voxceleb-shaped.ts and musan-shaped.ts) and runs the recipes as cut down by official-*.yaml:
 * corpus (m4a and wav, trial lists O, E and H, cleaned and original), noises, training, back-end, evaluation, report. A run that was
 * stopped is resumed.
 *
 *   node dist/bench/quality/official-recipes.js --corpus DIR [--out runs/official] [--format m4a|wav] [--set threads=1 ...]
 *
 * Standard output: one line of JSON: EER and minDCF at 0.01 of every system and list.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../../src/io/atomic.js';
import type { SystemResult } from '../../src/report/report.js';
import { makeMusanShaped } from '../corpora/musan-shaped.js';
import { LISTS, makeVoxCelebShaped } from '../corpora/voxceleb-shaped.js';
import { repository, runRecipe } from './recipe.js';

const RECIPES = ['self-supervised', 'supervised'];

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    out: { type: 'string', default: 'runs/official' },
    format: { type: 'string', default: 'm4a' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
if (!values.corpus) throw new Error('--corpus is needed');
const data = join(resolve(values.out), 'data');

/** The settings that name the data in a recipe. */
function dataSettings(corpus: string): string[] {
  const made = join(data, 'settings.json');
  if (existsSync(made)) return JSON.parse(readFileSync(made, 'utf8')) as string[];
  const { voxceleb2, voxceleb1 } = makeVoxCelebShaped(corpus, data, values.format === 'wav' ? 'wav' : 'm4a');
  const { musan, rooms } = makeMusanShaped(corpus, data);
  const lists = Object.keys(LISTS).map((name) => join(voxceleb1, name));
  const settings = [
    `corpus.path=${voxceleb2}`,
    `corpus.testPath=${voxceleb1}`,
    `corpus.trials=${JSON.stringify(lists)}`,
    `noises.musan=${musan}`,
    `noises.rooms=${rooms}`,
  ];
  writeFileAtomic(made, JSON.stringify(settings));
  return settings;
}

function run(recipe: string, settings: readonly string[]) {
  const out = join(resolve(values.out), recipe);
  runRecipe({ recipe: repository(`bench/quality/official-${recipe}.yaml`), out, settings });
  const { systems } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as { systems: SystemResult[] };
  const figures = (lists: SystemResult['lists']) =>
    Object.entries(lists).map(([list, { eer, minDcf }]) => [list, { eer, minDcf: minDcf?.['0.01'] }]);
  return Object.fromEntries(systems.map(({ name, lists }) => [name, Object.fromEntries(figures(lists))]));
}

const settings = [...dataSettings(values.corpus), ...values.set];
const results = RECIPES.map((recipe) => [recipe, run(recipe, settings)]);
process.stdout.write(`${JSON.stringify(Object.fromEntries(results))}\n`);
