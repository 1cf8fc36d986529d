/**
 * What 8-bit optimizer states and reversible networks cost in quality: SimCLR on a small ResNet34, several seeds, each variant on the
 * same data in the same order; paired-quality.yaml says how. A run that was stopped goes on where it was.
 *
 *   node dist/bench/paired-quality.js [--out runs/paired-quality] [--seeds 5] [--corpus DIR] [--set plain.steps=20 ...]
 *
 * Standard output: one line of JSON; EERs and losses are means over seeds, differences are against the plain network.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readMetrics } from '../src/train/metrics-log.js';

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
const repository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);

function run(seed: number): void {
  const corpus = values.corpus ? ['corpus.source=ready', `corpus.path=${values.corpus}`] : [];
  const args = [
    ...[repository('bin/voxloop.mjs'), 'run', repository('bench/paired-quality.yaml')],
    ...['--out', join(values.out, `seed${seed}`)],
    ...[`seed=${seed}`, ...corpus, ...values.set].flatMap((one) => ['--set', one]),
  ];
  // Its progress goes to standard error, for standard output holds the figures alone.
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

/** Mean loss of the last steps and EER on the channel list. */
function figures(seed: number, variant: string): { loss: number; eer: number } {
  const stages = join(values.out, `seed${seed}`, 'stages');
  const losses = readMetrics(join(stages, variant, 'metrics.jsonl')).slice(-LAST_STEPS);
  const { result } = JSON.parse(readFileSync(join(stages, `${variant}-result`, 'stage.json'), 'utf8'));
  return { loss: mean(losses.map(({ loss }) => loss)), eer: result.lists.channel.eer };
}

const mean = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length;

/** Standard error of the mean. */
function standardError(numbers: number[]): number {
  const center = mean(numbers);
  const squares = numbers.map((value) => (value - center) ** 2);
  return Math.sqrt(mean(squares) / Math.max(numbers.length - 1, 1));
}

for (const seed of seeds) run(seed);
const plain = seeds.map((seed) => figures(seed, 'plain'));
const table = VARIANTS.map((variant) => {
  const own = seeds.map((seed) => figures(seed, variant));
  const differences = own.map(({ eer }, i) => eer - plain[i].eer);
  return {
    variant,
    loss: mean(own.map(({ loss }) => loss)),
    lossRatio: mean(own.map(({ loss }) => loss)) / mean(plain.map(({ loss }) => loss)),
    eer: mean(own.map(({ eer }) => eer)),
    eerDifference: mean(differences),
    eerStandardError: standardError(differences),
    relativeEerDifference: mean(differences) / mean(plain.map(({ eer }) => eer)),
  };
});
console.log(JSON.stringify({ seeds, variants: table }));
