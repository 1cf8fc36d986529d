/**
 * What watching the streams of reversible networks costs: times a training step's forward and backward pass with and without it.
 *
 *   node dist/bench/memory/stream-watch.js [--backbones frev-resnet34,prev-resnet34,...] [--batch 8] [--frames 200] [--rounds 9]
 *                                          [--threads 0] [--json]
 *
 * Both are compiled in one session and run in turn, the first one changing, each round once timed and once traced. Printed are the
 * share of the watch's own operations in the time of all (the median of the rounds, from TensorFlow's tracing), the medians of
 * processor time and of the rounds' ratios, the peaks of live bytes, and what the watch saw.
 */
import { parseArgs } from 'node:util';
import { builtIns } from '../../src/builtins.js';
import { differentiate } from '../../src/engine/autodiff.js';
import type { RunProfile } from '../../src/engine/memory/run-profile.js';
import { raw } from '../../src/engine/raw.js';
import { withSession } from '../../src/engine/session/with-session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32 } from '../../src/host-tensor.js';
import { STREAM_ERRORS, STREAM_PEAK, streamMetrics } from '../../src/nn/recompute/stream-watch.js';
import { createScope } from '../../src/nn/scope.js';
import { createRegistry } from '../../src/pipeline/registry/registry.js';
import { choosePlugin } from '../../src/plugin/choose-plugin.js';
import { createRng } from '../../src/random.js';
import { backboneBuilder } from '../../src/stages/training/resolve-plugins.js';

const { values } = parseArgs({
  options: {
    backbones: { type: 'string', default: 'frev-resnet34,prev-resnet34,frev-df-resnet56,prev-df-resnet56' },
    batch: { type: 'string', default: '8' },
    frames: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '9' },
    threads: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
const [batch, frames, rounds, threads] = [values.batch, values.frames, values.rounds, values.threads].map(Number);
const BINS = 80;
const registry = createRegistry(builtIns);
const rng = createRng('stream-watch');
const x = float32(
  Float32Array.from({ length: batch * frames * BINS }, () => rng.normal()),
  [batch, frames, BINS],
);

const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);
const quantile = (numbers: readonly number[], share: number): number =>
  sorted(numbers)[Math.round(share * (numbers.length - 1))];

/** Milliseconds of processor time, of all threads: another program on the machine hardly moves it. */
async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** The operations that the watch adds; the networks have few others of these types. */
const WATCH = new Set(['Max', 'Min', 'Sum', 'Bitcast', 'Neg', 'Maximum', 'NotEqual']);
const sumOf = (times: RunProfile['timeMs']) => times.reduce((sum, { ms }) => sum + ms, 0);
const totalMs = ({ timeMs }: RunProfile) => sumOf(timeMs);
const watchMs = ({ timeMs }: RunProfile) => sumOf(timeMs.filter(({ op }) => WATCH.has(op)));

async function measure(name: string) {
  const choice = await choosePlugin(registry, 'backbone', name, {});
  const build = await backboneBuilder(registry, choice, BINS);
  return withSession({ device: 'cpu', threads, seed: 0, name: 'stream-watch' }, async (session) => {
    const scope = createScope(session, 'network', 1);
    const backbone = build(scope);
    const pass = (label: string, watched: boolean) =>
      session.compile(label, ({ x }: Record<string, Tensor>) => {
        const { loss, gradients } = differentiate(() => {
          const vectors = backbone.embed(x, { training: true });
          return { loss: tf.mean(tf.square(tf.add(vectors, 0.3))), aux: {} };
        }, scope.params());
        // Everything is computed, and two numbers leave the graph; what nothing asks for, TensorFlow leaves out.
        const size = tf.addN(gradients.map(({ gradient }) => raw('L2Loss', [gradient])[0]));
        return { loss, size, ...(watched ? streamMetrics() : {}) } as Record<string, Tensor>;
      });
    const [bare, watched] = [pass('bare', false), pass('watched', true)];
    const [bareProfile, watchedProfile] = [await bare.measure({ x }), await watched.measure({ x })];
    const times = { bare: [] as number[], watched: [] as number[] };
    const shares: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const order = round % 2 ? (['watched', 'bare'] as const) : (['bare', 'watched'] as const);
      for (const which of order) times[which].push(await timed(() => (which === 'bare' ? bare : watched)({ x })));
      const [without, all] = [await bare.measure({ x }), await watched.measure({ x })];
      shares.push((watchMs(all) - watchMs(without)) / totalMs(all));
    }
    const ratios = times.bare.map((time, i) => times.watched[i] / time);
    const seen = (key: string) => Number(watchedProfile.outputs[key].data[0]);
    return {
      backbone: name,
      share: quantile(shares, 0.5),
      shares: [quantile(shares, 0), quantile(shares, 1)],
      bareMs: quantile(times.bare, 0.5),
      watchedMs: quantile(times.watched, 0.5),
      ratio: quantile(ratios, 0.5),
      quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
      bareBytes: bareProfile.peakBytes,
      watchedBytes: watchedProfile.peakBytes,
      peak: seen(STREAM_PEAK),
      errors: seen(STREAM_ERRORS),
    };
  });
}

const rows = [];
for (const name of values.backbones.split(',')) {
  const row = await measure(name);
  rows.push(row);
  if (values.json) continue;
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  console.log(
    `${name}: ${percent(row.share)} of the time (${row.shares.map(percent).join(' to ')}); ${row.bareMs.toFixed(0)} ms, watched ${row.watchedMs.toFixed(0)} ms, ratio ${row.ratio.toFixed(4)} ` +
      `(${row.quartiles.map((ratio) => ratio.toFixed(4)).join(' to ')}); ${mib(row.bareBytes)}, ${mib(row.watchedBytes)} MiB; ` +
      `largest ${row.peak.toPrecision(3)}, ${row.errors} not recovered`,
  );
}
if (values.json) console.log(JSON.stringify({ batch, frames, rounds, rows }));
