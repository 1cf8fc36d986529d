import type { Command } from 'commander';
import { MOST_THREADS } from '../most-threads.js';
import type { ComparedSize, ModelSize } from '../tools/model-size.js';
import { addPluginOption } from './options/model-options.js';
import { seconds, wholeNumber } from './options/values.js';

interface SizeCommandOptions {
  seconds: number;
  threads: number;
  plugin: string[];
  json?: boolean;
}

const AFTER = `
Multiply-adds are those of the network's convolutions and matrix products, counted in its graph for a recording of --seconds and divided
by them; the peak is predicted from the same graph (tensors alone: weights, samples, features and maps); the real-time factor is the
median time on this machine, features included. A model that \`distill\` trained stands beside its teachers.
`;

/** `voxloop size`: what a model takes where it is to run. */
export function register(program: Command): void {
  const command = program
    .command('size')
    .summary('parameters, bytes, multiply-adds, peak memory and speed of a model')
    .description(
      'Prints what a model takes to embed a recording on one processor, beside the teachers that it was distilled from.',
    )
    .argument('<model>', 'model folder, e.g. RUN/stages/embed/model')
    .option('--seconds <n>', 'length of the recording', seconds, 10);
  addPluginOption(command)
    .option('--threads <n>', 'threads to measure the speed with', wholeNumber(1, MOST_THREADS), 1)
    .option('--json', 'print {parameters, bytes, macsPerSecond, peakBytes, realTimeFactor, ..., teachers: [...]}')
    .addHelpText('after', AFTER)
    .action(printSize);
}

async function printSize(model: string, { json, ...options }: SizeCommandOptions): Promise<void> {
  const [{ sizeOfModel }, { formatByteSize }] = await Promise.all([
    import('../tools/model-size.js'),
    import('../io/byte-size.js'),
  ]);
  const size = await sizeOfModel(model, options);
  process.stdout.write(json ? `${JSON.stringify(size)}\n` : sizeTable(size, formatByteSize));
}

/** A column for the model, and one for each teacher with the model's share of it. */
function sizeTable(size: ComparedSize, bytes: (count: number) => string): string {
  const columns: ModelSize[] = [size, ...size.teachers];
  const factor = (value: number) => value.toPrecision(2);
  const rows: [string, (column: ModelSize) => number, (value: number) => string][] = [
    ['parameters', ({ parameters }) => parameters, (value) => value.toLocaleString('en')],
    ['bytes', (column) => column.bytes, bytes],
    ['multiply-adds a second', ({ macsPerSecond }) => macsPerSecond, (value) => `${(value / 1e6).toFixed(1)} M`],
    ['peak memory (predicted)', ({ peakBytes }) => peakBytes, bytes],
    [
      `real-time factor (${size.threads} thread${size.threads > 1 ? 's' : ''})`,
      (column) => column.realTimeFactor,
      factor,
    ],
  ];
  const share = (value: number, own: number) => ` (${((100 * own) / value).toFixed(1)} %)`;
  const cells = [
    ['', ...columns.map(({ origin, backbone }) => `${origin}, ${backbone}`)],
    ...rows.map(([name, figureOf, format]) => [
      name,
      ...columns.map((column, i) => format(figureOf(column)) + (i > 0 ? share(figureOf(column), figureOf(size)) : '')),
    ]),
  ];
  const widths = cells[0].map((_, place) => Math.max(...cells.map((row) => row[place].length)));
  const line = (row: string[]) =>
    row
      .map((cell, place) => cell.padEnd(widths[place]))
      .join('  ')
      .trimEnd();
  return `${cells.map(line).join('\n')}\n`;
}
