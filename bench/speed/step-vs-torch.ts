// Whole ResNet34 training step against PyTorch, interleaved, 2 threads each.
//
//   npm run build && node dist/bench/speed/step-vs-torch.js [--rounds 5] [--batch 16] [--frames 200] [--steps 8] [--python python3]
//
// needs: a Python with torch (pip install torch==2.13.0, the CPU wheel). Prints a line a round and the median of the per-round
// ratios with their range; a ratio below 1 means voxloop is faster.
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
  },
});
const { batch, frames, steps, python } = values;
const root = new URL('../../../', import.meta.url);
const cli = fileURLToPath(new URL('bin/voxloop.mjs', root));
const script = fileURLToPath(new URL('bench/speed/torch_resnet34.py', root));
const env = { ...process.env, OMP_NUM_THREADS: '2' };

function voxloopMs(): number {
  const geometry = ['--backbone', 'resnet34', '--batch', batch, '--frames', frames, '--steps', steps];
  const output = execFileSync(process.execPath, [cli, 'bench', 'step', ...geometry, '--threads', '2', '--json'], {
    env,
  });
  return (JSON.parse(output.toString()) as { medianMs: number }).medianMs;
}

/** The script drops two warm-up steps itself. */
function torchMs(layout: 'nchw' | 'nhwc'): number {
  const output = execFileSync(python, [script, batch, frames, layout, String(Number(steps) + 2)], { env }).toString();
  const median = /median (\d+) ms/.exec(output)?.[1];
  if (!median) throw new Error(`no median in the output of ${script}: ${output}`);
  return Number(median);
}

function summary(ratios: number[]): string {
  const sorted = [...ratios].sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1];
  return `median ${middle.toFixed(3)} (range ${sorted[0].toFixed(3)} to ${sorted.at(-1)!.toFixed(3)})`;
}

const rounds = Array.from({ length: Number(values.rounds) }, (_, i) => {
  // The order turns around every other round, so that neither side always runs on the warmer machine.
  const measures = [
    ['voxloop', voxloopMs],
    ['nchw', () => torchMs('nchw')],
    ['nhwc', () => torchMs('nhwc')],
  ] as const;
  const order = i % 2 === 0 ? measures : measures.toReversed();
  const ms = Object.fromEntries(order.map(([name, measure]) => [name, measure()]));
  console.log(`round ${i + 1}: voxloop ${ms.voxloop.toFixed(0)} ms, PyTorch NCHW ${ms.nchw} ms, NHWC ${ms.nhwc} ms`);
  return ms;
});
console.log(`batch ${batch}, ${frames} frames, ${rounds.length} rounds, medians of ${steps} steps`);
console.log(`voxloop / PyTorch NCHW: ${summary(rounds.map(({ voxloop, nchw }) => voxloop / nchw))}`);
console.log(`voxloop / PyTorch NHWC: ${summary(rounds.map(({ voxloop, nhwc }) => voxloop / nhwc))}`);
