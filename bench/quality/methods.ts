/**
 * Every self-supervised method on real speech: the recipes of configs/small, several seeds, the same number of frames for each, against
 * the same network untrained. Runs that are done are not done again.
 *
 *   npm run build && node dist/bench/quality/methods.js [--corpus DIR] [--out runs/methods] [--seeds 3] [--only dino,simclr]
 *
 * Without --corpus the corpus is made once, below --out. Writes bench/results/methods.json and methods.md and, for each recipe of which
 * all seeds are there, configs/reference/<recipe>.json. Standard output: the table.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../../src/io/atomic.js';
import { formatByteSize, parseByteSize } from '../../src/io/byte-size.js';
import { makeReference } from '../../src/train/guard/reference-curve.js';
import { type MetricsLine, readMetrics } from '../../src/train/metrics-log.js';
import { mean, repository, seedsUpTo } from './recipe.js';

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    out: { type: 'string', default: 'runs/methods' },
    seeds: { type: 'string', default: '3' },
    only: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
  },
});

const seeds = seedsUpTo(values.seeds);
const LISTS = ['channel', 'clean'] as const;
/** A method has learned when its error is at most this share of the untrained network's. */
const BAR = 0.75;

type Rates = Record<(typeof LISTS)[number], number>;

/** One run of a recipe. */
interface Run {
  method: string;
  seed: number;
  trained: Rates;
  untrained: Rates;
  /** Of the training stage. */
  seconds: number;
  /** The planner's, as the log says it before the first step. */
  peakBytes: number;
  audioSeconds: number;
  collapse: { step: number; cause: string; message: string }[];
  metrics: MetricsLine[];
}

/** Runs voxloop; its progress goes to standard error, and what it said is returned. */
function voxloop(args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [repository('bin/voxloop.mjs'), ...args], { stdio: ['ignore', 2, 'pipe'] });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      process.stderr.write(text);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(said);
      else reject(new Error(`voxloop ${args.join(' ')} ended with code ${code}`));
    });
  });
}

async function corpusDir(): Promise<string> {
  if (values.corpus) return values.corpus;
  const dir = join(values.out, 'corpus');
  if (!existsSync(join(dir, 'manifest.tsv'))) await voxloop(['corpus', 'debian', '--out', dir]);
  return dir;
}

/** All methods of a seed share a run directory, so that the corpus and the untrained network are done once. */
async function run(method: string, seed: number, corpus: string): Promise<Run> {
  const file = join(values.out, 'results', `${method}-seed${seed}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const dir = join(values.out, `seed${seed}`);
  const settings = [
    `seed=${seed}`,
    'corpus.source=ready',
    `corpus.path=${corpus}`,
    // The runs make the reference.
    'ssl.reference=null',
    ...values.set,
  ];
  const flags = settings.flatMap((setting) => ['--set', setting]);
  const said = await voxloop(['run', repository(`configs/small/${method}.yaml`), '--out', dir, ...flags]);
  const stage = (name: string) => JSON.parse(readFileSync(join(dir, 'stages', name, 'stage.json'), 'utf8'));
  const ratesOf = (name: string): Rates => {
    const { lists } = stage(name).result;
    return { channel: lists.channel.eer, clean: lists.clean.eer };
  };
  const { result, seconds } = stage('ssl');
  const need = said.match(/ssl.*memory: a step needs (\S+ \S+) of/)?.[1];
  const done: Run = {
    method,
    seed,
    trained: ratesOf('result'),
    untrained: ratesOf('untrained-result'),
    seconds,
    peakBytes: need ? parseByteSize(need, 'memory') : 0,
    audioSeconds: result.audioSeconds,
    collapse: result.collapse,
    metrics: readMetrics(join(dir, 'stages', 'ssl', 'metrics.jsonl')),
  };
  writeFileAtomic(file, `${JSON.stringify(done)}\n`);
  return done;
}

function writeReference(method: string, runs: readonly Run[]): void {
  const rates = (list: (typeof LISTS)[number]) => ({
    trained: runs.map(({ trained }) => trained[list]),
    untrained: runs.map(({ untrained }) => untrained[list]),
  });
  const reference = makeReference(
    runs.map(({ metrics }) => metrics),
    {
      recipe: `configs/small/${method}.yaml`,
      seeds: runs.map(({ seed }) => seed),
      eer: Object.fromEntries(LISTS.map((list) => [list, rates(list)])),
    },
  );
  // A line for each list of numbers.
  const text = JSON.stringify(reference, null, 1).replace(/\[[^[\]{}]*\]/g, (list) => list.replace(/\s+/g, ''));
  writeFileAtomic(repository(`configs/reference/${method}.json`), `${text}\n`);
}

function summary(method: string, runs: readonly Run[]) {
  const over = (value: (run: Run) => number) => mean(runs.map(value));
  const [channel, untrained] = [over((run) => run.trained.channel), over((run) => run.untrained.channel)];
  const last = (signal: string) => over(({ metrics }) => metrics.at(-1)?.[signal] ?? Number.NaN);
  return {
    method,
    seeds: runs.length,
    channel,
    untrained,
    ratio: channel / untrained,
    reached: channel <= BAR * untrained,
    eachRatio: runs.map((run) => run.trained.channel / run.untrained.channel),
    clean: over((run) => run.trained.clean),
    cleanUntrained: over((run) => run.untrained.clean),
    seconds: over((run) => run.seconds),
    peakBytes: Math.max(...runs.map((run) => run.peakBytes)),
    audioSeconds: over((run) => run.audioSeconds),
    embeddingStd: last('embeddingStd'),
    effectiveRank: last('effectiveRank'),
    collapse: runs.flatMap(({ seed, collapse }) => collapse.map((event) => ({ seed, ...event }))),
  };
}

const percent = (rate: number): string => (100 * rate).toFixed(1);

function table(rows: readonly ReturnType<typeof summary>[]): string {
  const head =
    'method | channel EER % | untrained | ratio (each seed) | clean EER % | s | peak of a step | frames | rank | guard';
  const body = rows.map((row) => [
    row.method,
    percent(row.channel),
    percent(row.untrained),
    `${row.reached ? row.ratio.toFixed(2) : `**${row.ratio.toFixed(2)}**`} (${row.eachRatio.map((ratio) => ratio.toFixed(2)).join(', ')})`,
    percent(row.clean),
    row.seconds.toFixed(0),
    formatByteSize(row.peakBytes),
    // A frame every 10 ms.
    `${(row.audioSeconds / 1e4).toFixed(2)} M`,
    row.effectiveRank.toFixed(1),
    [...new Set(row.collapse.map(({ cause }) => cause))].join(', ') || 'healthy',
  ]);
  const lines = [head.split(' | '), [':--', ...Array(8).fill('--:'), ':--'], ...body];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** A recipe of another kind. */
const OTHERS = ['distill.yaml', 'probe.yaml'];
const names = readdirSync(repository('configs/small')).filter(
  (name) => /^[a-z].*\.yaml$/.test(name) && !OTHERS.includes(name),
);
const wanted = values.only?.split(',');
const methods = names.map((name) => name.replace('.yaml', '')).filter((name) => !wanted || wanted.includes(name));
const corpus = await corpusDir();
const runs: Run[] = [];
for (const seed of seeds) for (const method of methods) runs.push(await run(method, seed, corpus));
const rows = methods.map((method) => {
  const ofMethod = runs.filter((run) => run.method === method);
  writeReference(method, ofMethod);
  return summary(method, ofMethod);
});
const results = { bar: BAR, seeds, rows };
writeFileAtomic(repository('bench/results/methods.json'), `${JSON.stringify(results, null, 1)}\n`);
writeFileAtomic(repository('bench/results/methods.md'), table(rows));
process.stdout.write(table(rows));
