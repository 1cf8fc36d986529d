/**
 * The filter on recordings from the wild: clips of a corpus' training speakers, a fifth with two speakers, a fifth noise
 * (bench/corpora/wild-mix.ts). Compares SSL on everything with SSL on the clips that the filter keeps, without a model and with the
 * network trained on everything (filtering.yaml), or DINO and fine-tuning behind it (filter-dino-finetune.yaml). A run that was stopped is resumed.
 *
 *   node dist/bench/quality/filtering.js --corpus DIR [--recipe filter-dino-finetune] [--out runs/filtering] [--seeds 3]
 *     [--set everything.steps=20 ...]
 *
 * Standard output: one line of JSON: precision and recall of the filter for each seed (a clip is found bad when it is dropped or split), and EER on
 * both lists for each training, by seed, with the mean and its standard error.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../../src/io/atomic.js';
import { type ClipKind, writeWildMix } from '../corpora/wild-mix.js';
import { mean, repository, runRecipe, seedsUpTo, stageResult, standardError } from './recipe.js';

const SYSTEMS: Record<string, string[]> = {
  filtering: ['everything', 'kept', 'kept-heard'],
  'filter-dino-finetune': [
    'everything',
    'kept',
    'kept-heard',
    'everything-tuned',
    'kept-tuned',
    'kept-heard-tuned',
    'scratch',
  ],
};
const LISTS = ['clean', 'channel'];

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    recipe: { type: 'string', default: 'filtering' },
    out: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
if (!values.corpus) throw new Error('--corpus is needed');
const corpus = values.corpus;
const { recipe, out = `runs/${recipe}` } = values;
const systems = SYSTEMS[recipe];
if (!systems) throw new Error(`--recipe is one of ${Object.keys(SYSTEMS).join(', ')}`);
// The recordings of the wild are found bad or good; those with labels are the corpus as it is.
const labelled = recipe === 'filtering' ? [] : [`labelled.path=${resolve(corpus)}`];

async function run(seed: number) {
  const folder = join(out, `seed${seed}`);
  const kinds = await mixOf(join(folder, 'mix'), join(folder, 'kinds.json'), seed);
  const settings = [`seed=${seed}`, `corpus.path=${join(folder, 'mix')}`].concat(labelled, values.set);
  runRecipe({ recipe: repository(`bench/quality/${recipe}.yaml`), out: join(folder, 'run'), settings });
  const eer = systems.map((system) => {
    const { lists } = stageResult<{ lists: Record<string, { eer: number }> }>(join(folder, 'run'), `${system}-result`);
    return [system, Object.fromEntries(LISTS.map((list) => [list, lists[list].eer]))];
  });
  const filters = ['filter', 'heard'].map((name) => [
    name,
    judge(join(folder, 'run', 'stages', name, 'filter.jsonl'), kinds),
  ]);
  return { seed, filters: Object.fromEntries(filters), eer: Object.fromEntries(eer) };
}

/** The mix and what each clip is; kinds.json comes last, so that it says that the mix is whole. */
async function mixOf(folder: string, file: string, seed: number): Promise<Record<string, ClipKind>> {
  if (!existsSync(file)) {
    rmSync(folder, { recursive: true, force: true });
    writeFileAtomic(file, JSON.stringify(Object.fromEntries(await writeWildMix(corpus, folder, seed))));
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Precision and recall of "dropped or split" for bad clips, and the share of each kind that it caught. */
function judge(file: string, kinds: Record<string, ClipKind>) {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const clips = lines.map((line) => JSON.parse(line) as { id: string; verdict: string });
  const reported = clips.filter(({ verdict }) => verdict !== 'kept');
  const bad = clips.filter(({ id }) => kinds[id] !== 'good');
  const hits = reported.filter(({ id }) => kinds[id] !== 'good').length;
  const share = (kind: ClipKind) => {
    const of = clips.filter(({ id }) => kinds[id] === kind);
    return of.filter(({ verdict }) => verdict !== 'kept').length / of.length;
  };
  return {
    precision: hits / reported.length,
    recall: hits / bad.length,
    found: { noise: share('noise'), 'two speakers': share('two speakers'), good: share('good') },
  };
}

const runs: Awaited<ReturnType<typeof run>>[] = [];
for (const seed of seedsUpTo(values.seeds)) runs.push(await run(seed));
const figures = (system: string) =>
  Object.fromEntries(
    LISTS.map((list) => {
      const rates = runs.map(({ eer }): number => eer[system][list]);
      return [list, { mean: mean(rates), standardError: standardError(rates) }];
    }),
  );
console.log(JSON.stringify({ eer: Object.fromEntries(systems.map((name) => [name, figures(name)])), seeds: runs }));
