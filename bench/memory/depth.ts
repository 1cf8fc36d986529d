/**
 * Memory of a training step by depth: what is kept for the backward pass, and the peak, against the number of blocks.
 *
 *   node dist/bench/memory/depth.js [--batch 8] [--frames 200] [--optimizer adam] [--state-bits 32] [--out bench/results] [--json]
 *
 * Plain, checkpointed, partially and fully reversible ResNets of bottlenecks (50 to 293 layers) and DF-ResNets (56 to 233). The figures
 * are the planner's, which follows TensorFlow's execution of the traced step (bench/memory/planner.ts compares it with measurements).
 * `kept` is everything of the forward pass that lives when the backward pass begins; at the peak, later or earlier, less of it may live.
 * For each family: the squared correlation (R2) of kept bytes and of the peak with the number of blocks, and the bytes that a block adds
 * (least squares). With --out the table and the drawing are written as memory-depth.md and memory-depth.svg.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { builtIns } from '../../src/builtins.js';
import { withSession } from '../../src/engine/session/with-session.js';
import { writeFileAtomic } from '../../src/io/atomic.js';
import { optimizerOptions } from '../../src/optim/optimizer.js';
import { createRegistry } from '../../src/pipeline/registry/registry.js';
import { choosePlugin } from '../../src/plugin/choose-plugin.js';
import { formatMebibytes } from '../../src/report/memory-rows.js';
import { backboneBuilder } from '../../src/stages/training/resolve-plugins.js';
import { benchmarkStep } from '../../src/train/step-benchmark.js';
import { barsOf } from './kept-chart.js';

const { values } = parseArgs({
  options: {
    batch: { type: 'string', default: '8' },
    frames: { type: 'string', default: '200' },
    optimizer: { type: 'string', default: 'adam' },
    'state-bits': { type: 'string', default: '32' },
    out: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const BINS = 80;
const [batch, frames] = [Number(values.batch), Number(values.frames)];
const optimizer = optimizerOptions.parse({ name: values.optimizer, stateBits: Number(values['state-bits']) });
const registry = createRegistry(builtIns);

/** Residual blocks of the plain networks; a reversible network of that name has as many residual functions, give or take one. */
const SERIES: Record<string, Record<string, number>> = {
  resnet: { resnet50: 16, resnet101: 33, resnet152: 50, resnet221: 73, resnet293: 97 },
  'df-resnet': { 'df-resnet56': 18, 'df-resnet110': 36, 'df-resnet179': 59, 'df-resnet233': 77 },
};
const FORMS = ['plain', 'checkpointed', 'partially reversible', 'fully reversible'] as const;
type Form = (typeof FORMS)[number];

interface Row {
  series: string;
  form: Form;
  network: string;
  blocks: number;
  kept: number;
  activations: number;
  optimizer: number;
  peak: number;
}

function choiceOf(form: Form, network: string) {
  const prefix = form === 'partially reversible' ? 'prev-' : form === 'fully reversible' ? 'frev-' : '';
  return choosePlugin(registry, 'backbone', prefix + network, form === 'checkpointed' ? { checkpointing: true } : {});
}

async function rowOf(series: string, form: Form, network: string, blocks: number): Promise<Row> {
  const build = await backboneBuilder(registry, await choiceOf(form, network), BINS);
  const figures = await withSession({ device: 'cpu', threads: 0, seed: 0, name: 'depth' }, (session) =>
    benchmarkStep(session, build, { batch, frames, bins: BINS, optimizer, steps: 1, predictAbove: 0 }),
  );
  const { keptBytes: kept, peakBytes: peak, parts } = figures;
  return { series, form, network, blocks, kept, activations: parts.activations, optimizer: parts.optimizer, peak };
}

const meanOf = (numbers: readonly number[]) => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;

/** The line through (x, y) by least squares: slope, and squared correlation. */
function lineOf(x: readonly number[], y: readonly number[]): { slope: number; r2: number } {
  const [mx, my] = [meanOf(x), meanOf(y)];
  const xy = meanOf(x.map((value, i) => (value - mx) * (y[i] - my)));
  const [xx, yy] = [meanOf(x.map((value) => (value - mx) ** 2)), meanOf(y.map((value) => (value - my) ** 2))];
  return { slope: xy / xx, r2: yy === 0 ? 0 : xy ** 2 / (xx * yy) };
}

const rows: Row[] = [];
for (const [series, networks] of Object.entries(SERIES)) {
  for (const form of FORMS) {
    for (const [network, blocks] of Object.entries(networks)) {
      rows.push(await rowOf(series, form, network, blocks));
      process.stderr.write(`${form} ${network}\n`);
    }
  }
}
const families = Object.keys(SERIES).flatMap((series) =>
  FORMS.map((form) => {
    const own = rows.filter((row) => row.series === series && row.form === form);
    const x = own.map(({ blocks }) => blocks);
    const of = (key: 'kept' | 'peak') =>
      lineOf(
        x,
        own.map((row) => row[key]),
      );
    return { series, form, kept: of('kept'), peak: of('peak') };
  }),
);

const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
const share = ({ activations, optimizer: states, peak }: Row) =>
  `${((100 * (activations + states)) / peak).toFixed(0)} %`;
const markdown = [
  line(['network', 'form', 'blocks', 'kept MiB', 'at the peak: activations', 'optimizer', 'both', 'peak MiB']),
  line([':--', ':--', '--:', '--:', '--:', '--:', '--:', '--:']),
  ...rows.map((row) =>
    line([
      row.network,
      row.form,
      String(row.blocks),
      formatMebibytes(row.kept),
      formatMebibytes(row.activations),
      formatMebibytes(row.optimizer),
      share(row),
      `~${formatMebibytes(row.peak)}`,
    ]),
  ),
  '',
  line(['series', 'form', 'kept, a block more', 'R2', 'peak, a block more', 'R2']),
  line([':--', ':--', '--:', '--:', '--:', '--:']),
  ...families.map(({ series, form, kept, peak }) =>
    line([
      series,
      form,
      `${(kept.slope / 2 ** 20).toFixed(2)} MiB`,
      kept.r2.toFixed(4),
      `${(peak.slope / 2 ** 20).toFixed(2)} MiB`,
      peak.r2.toFixed(4),
    ]),
  ),
].join('\n');
if (values.out) {
  writeFileAtomic(join(values.out, 'memory-depth.md'), `${markdown}\n`);
  const title = `Kept for the backward pass, batch ${batch}, ${frames} frames (planner)`;
  writeFileAtomic(join(values.out, 'memory-depth.svg'), barsOf(title, rows));
}
console.log(values.json ? JSON.stringify({ batch, frames, optimizer, rows, families }) : markdown);
