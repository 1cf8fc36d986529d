/**
 * Fine-tuning a self-supervised network with few labels against training from scratch on the same ones, and large-margin fine-tuning
 * after both, AS-norm and QMF calibration after the one: few-labels.yaml says how. Runs that are done are not done again.
 *
 *   npm run build && node dist/bench/few-labels.js --corpus DIR [--out runs/few-labels] [--seeds 3] [--set scratch.epochs=30 ...]
 *
 * DIR is a folder made by `voxloop corpus debian`. Standard output: a line of JSON for each system, with its equal error rates on the
 * channel list by seed, their mean and its standard error; then one with what the means come to, as relative changes.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    out: { type: 'string', default: 'runs/few-labels' },
    seeds: { type: 'string', default: '3' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
if (!values.corpus) throw new Error('--corpus DIR is missing');

const repository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const corpus = resolve(values.corpus);
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
const SYSTEMS = ['dino', 'scratch', 'pretrained', 'scratch-large-margin', 'pretrained-large-margin'];
/** Parts of the back-end, by the names of their rules. */
const PARTS = ['as-norm', 'calibrated'];

function run(seed: number): void {
  const settings = [`seed=${seed}`, `corpus.path=${corpus}`, ...values.set].flatMap((one) => ['--set', one]);
  const out = join(values.out, `seed${seed}`);
  const args = [repository('bin/voxloop.mjs'), 'run', repository('bench/few-labels.yaml'), '--out', out, ...settings];
  // Its progress goes to standard error, for standard output holds the figures alone.
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

interface Result {
  lists: Record<string, { eer: number; byRule: Record<string, { eer: number }> }>;
}

function channelOf(seed: number, system: string): Result['lists'][string] {
  const path = join(values.out, `seed${seed}`, 'stages', `${system}-result`, 'stage.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { result: Result }).result.lists.channel;
}

const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length;

/** Standard error of the mean. */
function standardError(numbers: readonly number[]): number {
  const center = mean(numbers);
  return Math.sqrt(mean(numbers.map((value) => (value - center) ** 2)) / Math.max(numbers.length - 1, 1));
}

for (const seed of seeds) run(seed);
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
/** How much higher the mean error of `system` is than that of `against`; below 0 it is lower. */
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
