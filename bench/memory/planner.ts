/**
 * The planner against measurement: training steps drawn by a fixed seed, none of which was looked at while the planner was made.
 *
 *   npm run build && node dist/bench/memory/planner.js [--count 10] [--seed planner] [--out planner.json] [--most 600]
 *
 * Each is predicted before anything runs and then measured from TensorFlow's allocation records in a process of its own, which has
 * taken one step before. A draw that does not fit this machine is passed over and listed. Prints a table; what --out holds already is
 * not done again. `--most` is the most seconds of one process.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { featureDefinition } from '../../src/audio/features/features.js';
import { builtIns } from '../../src/builtins.js';
import { availableMemory } from '../../src/engine/memory/available.js';
import { openSession, type Session } from '../../src/engine/session/session.js';
import { writeFileAtomic } from '../../src/io/atomic.js';
import { formatByteSize } from '../../src/io/byte-size.js';
import { optimizerOptions } from '../../src/optim/optimizer.js';
import { createRegistry } from '../../src/pipeline/registry/registry.js';
import { choosePlugin } from '../../src/plugin/choose-plugin.js';
import { createRng } from '../../src/random.js';
import { backboneBuilder } from '../../src/stages/training/resolve-plugins.js';
import { createFinetuner } from '../../src/train/finetuner.js';
import { createPretrainer } from '../../src/train/pretrainer.js';
import type { CompiledCall } from '../../src/train/step/training-step.js';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10' },
    seed: { type: 'string', default: 'planner' },
    out: { type: 'string', default: 'planner.json' },
    most: { type: 'string', default: '600' },
    cell: { type: 'string' },
  },
});

/** A training step to predict and measure. */
interface Cell {
  backbone: string;
  batch: number;
  frames: number;
  stateBits: 8 | 32;
  task: 'supervised' | 'DINO';
}

interface Row extends Cell {
  predictedBytes: number;
  /** Null where the step does not fit this machine. */
  measuredBytes: number | null;
}

const CHOICES = {
  backbone: [
    'resnet18',
    'resnet34',
    'resnet50',
    'df-resnet56',
    'gemini-df-resnet60',
    'xvector',
    'rvector',
    'ecapa-512',
    'ecapa-1024-glob',
    'campplus',
    'repvgg-a0',
    'prev-resnet34',
    'frev-resnet34',
    'prev-df-resnet56',
    'frev-df-resnet110',
    'frev-resnet101',
  ],
  batch: [4, 8, 16],
  frames: [150, 200, 300],
  stateBits: [32, 8] as const,
  task: ['supervised', 'DINO'] as const,
};

function* draw(seed: string): Generator<Cell> {
  const rng = createRng(seed);
  const pick = <T>(from: readonly T[]): T => from[rng.int(from.length)];
  const seen = new Set<string>();
  for (;;) {
    const { backbone, batch, frames, stateBits, task } = CHOICES;
    const cell: Cell = {
      backbone: pick(backbone),
      batch: pick(batch),
      frames: pick(frames),
      stateBits: pick(stateBits),
      task: pick(task),
    };
    if (seen.has(nameOf(cell))) continue;
    seen.add(nameOf(cell));
    yield cell;
  }
}

const nameOf = ({ backbone, batch, frames, stateBits, task }: Cell): string =>
  `${backbone}, batch ${batch}, ${frames} frames, ${stateBits} bit, ${task}`;

const [BINS, CLASSES] = [80, 1000];
/** Windows of 25 ms every 10 ms at 16 kHz. */
const samplesOf = (frames: number): number => 400 + 160 * (frames - 1);
const noise = (count: number): Int16Array => new Int16Array(count).map((_, i) => ((i * 7919) % 4001) - 2000);

async function build(session: Session, { backbone, batch, frames, stateBits, task }: Cell): Promise<CompiledCall[]> {
  const registry = createRegistry(builtIns);
  const parts = {
    session,
    seed: 1,
    view: { features: featureDefinition.parse({}), augmentations: [] },
    optimizer: optimizerOptions.parse({ stateBits }),
    backbone: await backboneBuilder(registry, await choosePlugin(registry, 'backbone', backbone), BINS),
  };
  if (task === 'supervised') {
    const loss = await registry.load('loss', 'aam-softmax');
    const { options } = await choosePlugin(registry, 'loss', 'aam-softmax');
    const made = createFinetuner({ ...parts, classes: CLASSES, loss: (given) => loss.build({ ...given, options }) });
    const labels = Int32Array.from({ length: batch }, (_, i) => i);
    const values = { gate: 3e38, momentum: 0, margin: 1, rate: 1e-4, step: 0 };
    const samples = { labels, history: new Float32Array(batch) };
    return made.functions({ global: noise(batch * samplesOf(frames)), local: null }, samples, values);
  }
  const dino = await registry.load('ssl', 'dino');
  const { options } = await choosePlugin(registry, 'ssl', 'dino');
  const crops = dino.views(options);
  const made = createPretrainer({
    ...parts,
    batchSize: batch,
    crops,
    build: (given) => dino.build({ ...given, options }),
  });
  const batchOfCrops = {
    global: noise(crops.global * batch * samplesOf(frames)),
    local: noise(crops.local * batch * samplesOf(Math.round((2 * frames) / 3))),
  };
  const moment = { step: 0, steps: 100, epoch: 0 };
  return made.functions(batchOfCrops, { rate: 1e-4, ...made.method.schedule?.(moment), step: 0 });
}

/** Predicts, and measures where the machine has the memory: the rest is for the library, the allocator's gaps and Node. */
async function runCell(cell: Cell): Promise<Row> {
  const session = openSession({ device: 'cpu' });
  try {
    const [{ compiled, inputs }] = await build(session, cell);
    const predictedBytes = compiled.predict(inputs).peakBytes;
    if (predictedBytes > 0.85 * availableMemory(session.devices).bytes - 2 ** 29)
      return { ...cell, predictedBytes, measuredBytes: null };
    await compiled(inputs);
    return { ...cell, predictedBytes, measuredBytes: (await compiled.measure(inputs)).peakBytes };
  } finally {
    await session.close();
  }
}

async function runInChild(cell: Cell): Promise<Row> {
  const args = [fileURLToPath(import.meta.url), '--cell', JSON.stringify(cell)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: Number(values.most) * 1000 });
  return JSON.parse(stdout);
}

async function runAll(): Promise<void> {
  const done: Row[] = existsSync(values.out) ? JSON.parse(readFileSync(values.out, 'utf8')) : [];
  const rows: Row[] = [];
  for (const cell of draw(values.seed)) {
    if (rows.filter(({ measuredBytes }) => measuredBytes !== null).length === Number(values.count)) break;
    const known = done.find((row) => nameOf(row) === nameOf(cell));
    const row = known ?? (await runInChild(cell));
    rows.push(row);
    if (!known) done.push(row);
    writeFileAtomic(values.out, `${JSON.stringify(done, null, 1)}\n`);
    process.stderr.write(`${lineOf(row)}\n`);
  }
  const ratios = rows.flatMap(({ predictedBytes, measuredBytes }) =>
    measuredBytes ? [predictedBytes / measuredBytes] : [],
  );
  const worst = Math.max(...ratios.map((ratio) => Math.abs(ratio - 1)));
  process.stdout.write(`${rows.map(lineOf).join('\n')}\nlargest error ${(100 * worst).toFixed(1)} %\n`);
}

function lineOf(row: Row): string {
  const { predictedBytes, measuredBytes } = row;
  const predicted = `${nameOf(row)}: predicted ${formatByteSize(predictedBytes)}`;
  if (measuredBytes === null) return `${predicted}, more than there is here: passed over`;
  return `${predicted}, measured ${formatByteSize(measuredBytes)}, ratio ${(predictedBytes / measuredBytes).toFixed(3)}`;
}

if (values.cell === undefined) await runAll();
else process.stdout.write(JSON.stringify(await runCell(JSON.parse(values.cell))));
