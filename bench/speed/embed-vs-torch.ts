// Embedding with ResNet34 against PyTorch, interleaved, 2 threads each: how long an hour of audio takes as batches of 16 crops of 200 frames.
//
//   npm run build && node dist/bench/speed/embed-vs-torch.js [--rounds 5] [--batch 16] [--frames 200] [--batches 12] [--python python3]
//
// needs: a Python with torch (pip install torch==2.13.0, the CPU wheel). Features are given on both sides; batch normalisation is folded into the
// convolutions on both. Prints a line a round and the median of the per-round ratios with their range; a ratio below 1 means voxloop is faster.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { builtIns } from '../../src/builtins.js';
import { withSession } from '../../src/engine/session/with-session.js';
import type { Tensor } from '../../src/engine/tf.js';
import { float32 } from '../../src/host-tensor.js';
import { createScope } from '../../src/nn/scope.js';
import { createRegistry } from '../../src/pipeline/registry/registry.js';
import { choosePlugin } from '../../src/plugin/choose-plugin.js';
import { createRng } from '../../src/random.js';
import { backboneBuilder } from '../../src/stages/training/resolve-plugins.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    batch: { type: 'string', default: '16' },
    frames: { type: 'string', default: '200' },
    batches: { type: 'string', default: '12' },
    python: { type: 'string', default: 'python3' },
  },
});
const [rounds, batch, frames, batches] = [values.rounds, values.batch, values.frames, values.batches].map(Number);
const BINS = 80;
const WARM_UP = 2;
const CROPS_AN_HOUR = 3600 / (frames / 100);
const script = fileURLToPath(new URL('../../../bench/speed/torch_resnet34.py', import.meta.url));
const TASKS = ['voxloop', 'nchw', 'nhwc'] as const;

/** The script drops its warm-up batches itself. */
function torchMs(layout: string): number {
  const args = [script, values.batch, values.frames, layout, String(batches + WARM_UP), 'embed-folded'];
  const output = execFileSync(values.python, args, { env: { ...process.env, OMP_NUM_THREADS: '2' } }).toString();
  const found = /median (\d+) ms/.exec(output)?.[1];
  if (!found) throw new Error(`no median in the output of ${script}: ${output}`);
  return Number(found);
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

const rng = createRng('embed-vs-torch');
const x = float32(
  Float32Array.from({ length: batch * frames * BINS }, () => rng.normal()),
  [batch, frames, BINS],
);
const registry = createRegistry(builtIns);
const build = await backboneBuilder(registry, await choosePlugin(registry, 'backbone', 'resnet34', {}), BINS);

await withSession({ device: 'cpu', threads: 2, seed: 0, name: 'embed' }, async (session) => {
  const backbone = build(createScope(session, 'network', 0));
  const embed = session.compile('embed', ({ x }: Record<string, Tensor>) => ({
    vectors: backbone.embed(x, { training: false }),
  }));
  const voxloopMs = async () => {
    const times: number[] = [];
    for (let i = -WARM_UP; i < batches; i++) {
      const from = performance.now();
      await embed({ x });
      if (i >= 0) times.push(performance.now() - from);
    }
    return median(times);
  };
  const measured: Record<(typeof TASKS)[number], number>[] = [];
  for (let round = 0; round < rounds; round++) {
    const ms = { voxloop: 0, nchw: 0, nhwc: 0 };
    // The order turns around every other round, so that neither side always runs on the warmer machine.
    for (const task of round % 2 === 0 ? TASKS : TASKS.toReversed())
      ms[task] = task === 'voxloop' ? await voxloopMs() : torchMs(task);
    measured.push(ms);
    const hour = TASKS.map((task) => `${task} ${((ms[task] / 1000) * (CROPS_AN_HOUR / batch)).toFixed(0)} s`);
    console.log(`round ${round + 1}, an hour: ${hour.join(', ')}`);
  }
  const ratios = measured.map(({ voxloop, nchw, nhwc }) => voxloop / Math.min(nchw, nhwc));
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  console.log(
    `voxloop / the faster layout of PyTorch: median ${median(ratios).toFixed(3)} (range ${least.toFixed(3)} to ${most.toFixed(3)})`,
  );
});
