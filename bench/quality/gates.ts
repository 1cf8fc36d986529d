/**
 * The gain of the dynamic gate and label correction with 30 % wrong labels, by the recipe gates.yaml. A run that was stopped
 * goes on where it was.
 *
 *   node dist/bench/quality/gates.js [--out runs/gates] [--seeds 3] [--speakers 200] [--only random-gate ...] [--set random-gate.epochs=5 ...]
 *   node dist/bench/quality/gates.js --small [--margin]      # 40 voices, a narrow network, 16 epochs; --margin: what to judge where the loss has a margin
 *
 * Standard output: one line of JSON; means and standard errors over seeds.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { buildSyntheticCorpus } from '../../src/data/corpus/synthetic/synthetic.js';
import { mean, repository, runRecipe, seedsUpTo, stageResult, standardError } from './recipe.js';

const CORRUPTIONS = ['random', 'confused'];
const VARIANTS = ['none', 'gate', 'correction'];
/** Gates that judge losses without and with their margin. */
const MARGIN_VARIANTS = ['without-margin', 'with-margin'];
const PLUGINS = ['corrupt-labels', 'held-out-accuracy'];
/** 20 to train on and 10 held out. */
const UTTERANCES = 30;

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    speakers: { type: 'string' },
    small: { type: 'boolean', default: false },
    margin: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const out = values.out ?? (values.small ? 'runs/gates-small' : 'runs/gates');
const corpus = resolve(out, 'corpus');
const speakers = Number(values.speakers ?? (values.small ? 40 : 200));
const seeds = seedsUpTo(values.seeds);
const variants = values.margin ? MARGIN_VARIANTS : VARIANTS;
const trainings = CORRUPTIONS.flatMap((corruption) => variants.map((variant) => `${corruption}-${variant}`)).filter(
  (name) => !values.only || values.only.includes(name),
);

/** Settings of a run of minutes. */
const small = ['simclr.steps=100', 'simclr.backbone.width=64', 'threads=1'].concat(
  trainings.map((name) => `${name}.epochs=16`),
);

interface Stage {
  stage: string;
  as?: string;
}

/** The config with the chosen trainings only. */
function writeConfig(): string {
  const config = parse(readFileSync(repository('bench/quality/gates.yaml'), 'utf8'), {
    merge: true,
    maxAliasCount: -1,
  }) as {
    stages: Stage[];
  };
  const chosen = new Set(trainings.flatMap((name) => [name, `${name}-accuracy`]));
  const stages = config.stages.filter(
    ({ stage, as }) => !['finetune', 'held-out-accuracy'].includes(stage) || chosen.has(as!),
  );
  const path = join(out, 'config.yaml');
  // JSON is YAML.
  writeFileSync(path, JSON.stringify({ ...config, stages }, null, 2));
  return path;
}

const runFolder = (seed: number): string => join(out, `seed${seed}`);

function run(seed: number): void {
  const settings = [`seed=${seed}`, `corpus.path=${corpus}`].concat(values.small ? small : [], values.set);
  runRecipe({ recipe: writeConfig(), out: runFolder(seed), settings, plugins: PLUGINS });
}

const resultOf = (seed: number, stage: string) => stageResult<Record<string, number | null>>(runFolder(seed), stage);

const FIGURES = ['kept', 'corrected', 'gatePrecision', 'gateRecall', 'correctionPrecision'] as const;

function row(training: string) {
  const accuracies = seeds.map((seed) => resultOf(seed, `${training}-accuracy`).accuracy!);
  const figures = FIGURES.map((name) => [name, seeds.map((seed) => resultOf(seed, training)[name])]);
  return {
    training,
    accuracy: mean(accuracies),
    standardError: standardError(accuracies),
    accuracies,
    ...Object.fromEntries(figures),
  };
}

mkdirSync(out, { recursive: true });
if (!existsSync(corpus)) {
  const size = { speakers, utterances: UTTERANCES, seconds: 4, testSpeakers: 0 };
  await buildSyntheticCorpus({ ...size, out: corpus, log: console.error });
}
for (const seed of seeds) run(seed);
console.log(JSON.stringify({ seeds, speakers, trainings: trainings.map(row) }));
