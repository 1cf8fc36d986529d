/**
 * What the dynamic gate and label correction are worth where 30 % of the labels are wrong: gates.yaml says how. A run that was stopped
 * goes on where it was.
 *
 *   node dist/bench/gates.js [--out runs/gates] [--seeds 3] [--speakers 200] [--only random-gate ...] [--set random-gate.epochs=5 ...]
 *
 * Standard output: one line of JSON; means and standard errors over seeds.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { buildSyntheticCorpus } from '../src/data/corpus/synthetic/synthetic.js';

const CORRUPTIONS = ['random', 'confused'];
const VARIANTS = ['none', 'gate', 'correction'];
const PLUGINS = ['corrupt-labels', 'held-out-accuracy'];
/** 20 to train on and 10 held out. */
const UTTERANCES = 30;

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'runs/gates' },
    seeds: { type: 'string', default: '3' },
    speakers: { type: 'string', default: '200' },
    only: { type: 'string', multiple: true },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const repository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const corpus = resolve(values.out, 'corpus');
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
const trainings = CORRUPTIONS.flatMap((corruption) => VARIANTS.map((variant) => `${corruption}-${variant}`)).filter(
  (name) => !values.only || values.only.includes(name),
);

interface Stage {
  stage: string;
  as?: string;
}

/** The config with the chosen trainings only. */
function writeConfig(): string {
  const config = parse(readFileSync(repository('bench/gates.yaml'), 'utf8'), { merge: true }) as { stages: Stage[] };
  const chosen = new Set(trainings.flatMap((name) => [name, `${name}-accuracy`]));
  const stages = config.stages.filter(
    ({ stage, as }) => !['finetune', 'held-out-accuracy'].includes(stage) || chosen.has(as!),
  );
  const path = join(values.out, 'config.yaml');
  // JSON is YAML.
  writeFileSync(path, JSON.stringify({ ...config, stages }, null, 2));
  return path;
}

function run(seed: number): void {
  const plugins = PLUGINS.flatMap((name) => ['--plugin', repository(`dist/bench/${name}.js`)]);
  const settings = [`seed=${seed}`, `corpus.path=${corpus}`, ...values.set].flatMap((one) => ['--set', one]);
  const args = [repository('bin/voxloop.mjs'), 'run', writeConfig(), '--out', join(values.out, `seed${seed}`)];
  // Its progress goes to standard error, for standard output holds the figures alone.
  const { status } = spawnSync(process.execPath, [...args, ...plugins, ...settings], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

/** What a stage of a seed's run returned. */
const resultOf = (seed: number, stage: string): Record<string, number | null> =>
  JSON.parse(readFileSync(join(values.out, `seed${seed}`, 'stages', stage, 'stage.json'), 'utf8')).result;

const mean = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length;

/** Standard error of the mean. */
function standardError(numbers: number[]): number {
  const center = mean(numbers);
  return Math.sqrt(mean(numbers.map((value) => (value - center) ** 2)) / Math.max(numbers.length - 1, 1));
}

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

mkdirSync(values.out, { recursive: true });
if (!existsSync(corpus)) {
  const size = { speakers: Number(values.speakers), utterances: UTTERANCES, seconds: 4, testSpeakers: 0 };
  await buildSyntheticCorpus({ ...size, out: corpus, log: console.error });
}
for (const seed of seeds) run(seed);
console.log(JSON.stringify({ seeds, speakers: Number(values.speakers), trainings: trainings.map(row) }));
