/**
 * Whole updates against PyTorch, interleaved, 2 threads each: one of DINO (two crops of 2 s and four of 1 s an utterance, a teacher) and one of
 * a fine-tuning (AAM-softmax, 2 s), from the recordings to the moved weights: crops, rooms and noises, features, both passes, SGD.
 *
 *   npm run build && node dist/bench/speed/updates/update-vs-torch.js --wespeaker DIR [--python python3] [--rounds 3] [--updates 6]
 *     [--networks xvector,ecapa-512,resnet34] [--kinds dino,fine-tuning] [--work runs/updates]
 *
 * needs: a clone of WeSpeaker (github.com/wenet-e2e/wespeaker), whose networks stand beside them, and a Python with torch, numpy, scipy and
 * kaldi-native-fbank. Networks, batches, crops, augmentation's shares, loss and optimizer are the same; initial weights and draws are not, so that
 * losses agree only as far as chance goes. PyTorch's data are made in a process of their own, which the two cores have beside the updates; voxloop
 * makes crops in a thread, and augmentation and features are part of its graph. Prints a line a round, and the median of the rounds' ratios to
 * PyTorch's faster layout with their range: below 1 voxloop is faster.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readManifest } from '../../../src/data/manifest.js';
import { writeFileAtomic } from '../../../src/io/atomic.js';
import { repository } from '../../quality/recipe.js';

const { values } = parseArgs({
  options: {
    wespeaker: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    rounds: { type: 'string', default: '3' },
    updates: { type: 'string', default: '6' },
    networks: { type: 'string', default: 'xvector,ecapa-512,resnet34' },
    kinds: { type: 'string', default: 'dino,fine-tuning' },
    work: { type: 'string', default: 'runs/updates' },
  },
});
const { wespeaker, python } = values;
if (!wespeaker) throw new Error('--wespeaker DIR is missing: a clone of github.com/wenet-e2e/wespeaker');
const work = resolve(values.work);
const recipe = repository('bench/speed/updates/updates.yaml');
const [rounds, updates] = [Number(values.rounds), Number(values.updates)];
/** The first updates make graphs and buffers. */
const WARM_UP = 2;
const BATCH: Record<string, number> = { dino: 8, 'fine-tuning': 32 };
/** Networks over time alone have no layouts in PyTorch. */
const OVER_TIME = new Set(['xvector', 'ecapa-512']);
const env = { ...process.env, OMP_NUM_THREADS: '2' };

interface Timed {
  ms: number[];
  waitedMs: number;
  losses: number[];
}

const timed = (command: string, args: readonly string[]): Timed =>
  JSON.parse(
    execFileSync(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
      .toString()
      .trim()
      .split('\n')
      .at(-1)!,
  );

const voxloop = (stage: string, settings: readonly string[] = []): Timed =>
  timed(
    process.execPath,
    [repository('dist/bench/speed/updates/time-updates.js'), recipe, work, stage].concat(settings),
  );

/** Recordings, noises and rooms of the recipe, for the other side. */
function describeData(): string {
  const corpus = join(work, 'stages/corpus/corpus');
  const train = readManifest(corpus).utterances.filter(({ split }) => split === 'train');
  const speakers = [...new Set(train.map(({ speaker }) => speaker))];
  const bank = join(work, 'stages/noises/bank');
  const { rooms } = JSON.parse(readFileSync(join(bank, 'bank.json'), 'utf8')) as { rooms: { count: number } };
  const file = join(work, 'data.json');
  const data = {
    recordings: train.map(({ path }) => join(corpus, path)),
    speakers: train.map(({ speaker }) => speakers.indexOf(speaker)),
    noises: join(bank, 'noises.pcm'),
    rooms: join(bank, 'rooms.f32'),
    roomCount: rooms.count,
  };
  writeFileAtomic(file, JSON.stringify(data));
  return file;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function measure(kind: string, network: string, round: number, data: string): number {
  const count = updates + WARM_UP;
  const settings = [`${kind}.backbone=${network}`, `${kind}.steps=${count}`, `${kind}.batchSize=${BATCH[kind]}`];
  const torch = (layout: string) =>
    timed(python, [
      repository('bench/speed/updates/torch_updates.py'),
      kind,
      network,
      wespeaker!,
      data,
      layout,
      String(BATCH[kind]),
      String(count),
    ]);
  const layouts = OVER_TIME.has(network) ? ['nchw'] : ['nchw', 'nhwc'];
  const sides: [string, () => Timed][] = [
    ['voxloop', () => voxloop(kind, settings)],
    ...layouts.map((layout): [string, () => Timed] => [layout, () => torch(layout)]),
  ];
  // The order turns around every other round, so that neither side always runs on the warmer machine.
  const results = (round % 2 === 0 ? sides : sides.toReversed()).map(([side, take]) => {
    const { ms, waitedMs, losses } = take();
    const middle = median(ms.slice(-updates));
    const waits = ((100 * waitedMs) / middle).toFixed(1);
    console.log(
      `${kind}, ${network}, round ${round + 1}, ${side}: ${middle.toFixed(0)} ms, of which ${waits} % waiting for data; ` +
        `loss ${losses[0].toFixed(2)} to ${losses.at(-1)!.toFixed(2)}`,
    );
    return [side, middle] as const;
  });
  const own = results.find(([side]) => side === 'voxloop')![1];
  return own / Math.min(...results.filter(([side]) => side !== 'voxloop').map(([, ms]) => ms));
}

voxloop('labels');
const data = describeData();
for (const kind of values.kinds.split(',')) {
  for (const network of values.networks.split(',')) {
    const ratios = Array.from({ length: rounds }, (_, round) => measure(kind, network, round, data)).sort(
      (a, b) => a - b,
    );
    const range = `${ratios[0].toFixed(2)} to ${ratios.at(-1)!.toFixed(2)}`;
    console.log(`${kind}, ${network}: ${median(ratios).toFixed(2)} of PyTorch's time (${range})`);
  }
}
