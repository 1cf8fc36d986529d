// Whole training steps against PyTorch, interleaved, 2 threads each.
//
//   npm run build && node dist/bench/speed/step-vs-torch.js [--rounds 5] [--batch 16] [--frames 200] [--steps 8] [--python python3]
//     [--networks resnet34,xvector --wespeaker DIR]
//
// needs: a Python with torch (pip install torch==2.13.0, the CPU wheel); for other networks than ResNet34 a clone of WeSpeaker
// (github.com/wenet-e2e/wespeaker), whose classes stand beside them. Prints a line a round and for each network the median of the
// per-round ratios with their range; a ratio below 1 means voxloop is faster.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    batch: { type: 'string', default: '16' },
    frames: { type: 'string', default: '200' },
    steps: { type: 'string', default: '8' },
    python: { type: 'string', default: 'python3' },
    networks: { type: 'string', default: 'resnet34' },
    wespeaker: { type: 'string' },
  },
});
const { batch, frames, steps, python, wespeaker } = values;
const root = new URL('../../../', import.meta.url);
const cli = fileURLToPath(new URL('bin/voxloop.mjs', root));
const script = (name: string): string => fileURLToPath(new URL(`bench/speed/${name}`, root));
const env = { ...process.env, OMP_NUM_THREADS: '2' };

function voxloopMs(network: string): number {
  const geometry = ['--backbone', network, '--batch', batch, '--frames', frames, '--steps', steps];
  const output = execFileSync(process.execPath, [cli, 'bench', 'step', ...geometry, '--threads', '2', '--json'], {
    env,
  });
  return (JSON.parse(output.toString()) as { medianMs: number }).medianMs;
}

/** The scripts drop two warm-up steps themselves. */
function torchMs(network: string, layout: 'nchw' | 'nhwc'): number {
  const geometry = [batch, frames, layout, String(Number(steps) + 2)];
  const command = wespeaker
    ? [script('torch_step.py'), network, wespeaker, ...geometry]
    : [script('torch_resnet34.py'), ...geometry];
  const output = execFileSync(python, command, { env }).toString();
  const median = /median (\d+) ms/.exec(output)?.[1];
  if (!median) throw new Error(`no median in the output of ${command[0]}: ${output}`);
  return Number(median);
}

function summary(ratios: number[]): string {
  const sorted = [...ratios].sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1];
  return `median ${middle.toFixed(3)} (range ${sorted[0].toFixed(3)} to ${sorted.at(-1)!.toFixed(3)})`;
}

/** Networks over time alone have no layouts in PyTorch. */
const OVER_TIME = ['xvector', 'ecapa-512', 'ecapa-1024'];

function measure(network: string, round: number): { voxloop: number; nchw: number; nhwc: number } {
  const flat = OVER_TIME.includes(network);
  // The order turns around every other round, so that neither side always runs on the warmer machine.
  const measures = [
    ['voxloop', () => voxloopMs(network)],
    ['nchw', () => torchMs(network, 'nchw')],
    ['nhwc', () => (flat ? Number.POSITIVE_INFINITY : torchMs(network, 'nhwc'))],
  ] as const;
  const order = round % 2 === 0 ? measures : measures.toReversed();
  const ms = Object.fromEntries(order.map(([name, take]) => [name, take()])) as ReturnType<typeof measure>;
  const other = flat ? '' : `, NHWC ${ms.nhwc} ms`;
  console.log(`${network}, round ${round + 1}: voxloop ${ms.voxloop.toFixed(0)} ms, PyTorch ${ms.nchw} ms${other}`);
  return ms;
}

const networks = values.networks.split(',');
if (!wespeaker && networks.some((network) => network !== 'resnet34'))
  throw new Error(
    'networks other than resnet34 stand beside those of WeSpeaker: say where its clone is with --wespeaker DIR',
  );
for (const network of networks) {
  const rounds = Array.from({ length: Number(values.rounds) }, (_, i) => measure(network, i));
  console.log(`${network}: batch ${batch}, ${frames} frames, ${rounds.length} rounds, medians of ${steps} steps`);
  for (const layout of ['nchw', 'nhwc'] as const) {
    if (layout === 'nhwc' && OVER_TIME.includes(network)) continue;
    console.log(`voxloop / PyTorch ${layout.toUpperCase()}: ${summary(rounds.map((ms) => ms.voxloop / ms[layout]))}`);
  }
}
