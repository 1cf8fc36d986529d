/**
 * Time of an update and bytes on the wire, of one process with a batch beside several workers with a part of it each: SimCLR on random stored
 * features. Every worker is a process with one thread.
 *
 *   npm run build && node dist/bench/workers/step.js [--workers 2] [--batch 16] [--frames 200] [--steps 10] [--wire float32]
 *                    [--backbone '{"name":"resnet34"}']
 *
 * Prints the median of the steps' times; the time of a run that only reduces as many values as there are gradients; and the bytes that passed
 * through the loopback interface in a step (/proc/net/dev, Linux), which are those of this bench if nothing else uses it. Both counts of
 * workers share this machine: what several machines would gain does not show.
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { featureDefinition } from '../../src/audio/features/features.js';
import { builtIns } from '../../src/builtins.js';
import { openSession } from '../../src/engine/session/session.js';
import { tf } from '../../src/engine/tf.js';
import { meanOverWorkers } from '../../src/engine/workers/fused.js';
import { createGroup, type WorkerGroup } from '../../src/engine/workers/group.js';
import { startServer } from '../../src/engine/workers/server.js';
import { optimizerOptions } from '../../src/optim/optimizer.js';
import { createRegistry } from '../../src/pipeline/registry/registry.js';
import { freePorts } from '../../src/pipeline/workers/free-ports.js';
import { choosePlugin } from '../../src/plugin/choose-plugin.js';
import { createRng } from '../../src/random.js';
import { backboneBuilder } from '../../src/stages/training/resolve-plugins.js';
import { createPretrainer } from '../../src/train/pretrainer.js';

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '2' },
    batch: { type: 'string', default: '16' },
    frames: { type: 'string', default: '200' },
    steps: { type: 'string', default: '10' },
    wire: { type: 'string', default: 'float32' },
    backbone: { type: 'string', default: '{"name":"resnet34"}' },
    rank: { type: 'string' },
    addresses: { type: 'string' },
  },
});
const BINS = 80;
const [batch, frames, steps] = [Number(values.batch), Number(values.frames), Number(values.steps)];

const median = (times: number[]): number => times.sort((a, b) => a - b)[Math.floor(times.length / 2)];

/** Bytes that the loopback interface has received. */
const loopbackBytes = (): number =>
  Number(/^\s*lo:\s*(\d+)/m.exec(readFileSync('/proc/net/dev', 'utf8'))?.[1] ?? Number.NaN);

async function measure(group: WorkerGroup | undefined): Promise<void> {
  const registry = createRegistry(builtIns);
  const session = openSession({ device: 'cpu', threads: 1, workers: group });
  const { name, ...sizes } = JSON.parse(values.backbone);
  const plugin = await registry.load('ssl', 'simclr');
  const options = plugin.options.parse({});
  const crops = { global: 2, local: 0 };
  const trainer = createPretrainer({
    session,
    seed: 1,
    batchSize: batch,
    crops,
    optimizer: optimizerOptions.parse({}),
    backbone: await backboneBuilder(registry, await choosePlugin(registry, 'backbone', name, sizes), BINS),
    build: (parts) => plugin.build({ ...parts, options }),
    view: { features: featureDefinition.parse({ bins: BINS, dither: 0 }), augmentations: [] },
  });
  const rng = createRng('features');
  const global = Float32Array.from({ length: crops.global * batch * frames * BINS }, () => rng.normal());
  const numbers = new Int32Array(batch);
  const data = {
    step: 0,
    epoch: 0,
    utterances: numbers,
    origins: numbers,
    starts: numbers,
    global,
    local: null,
    release: () => {},
  };
  const times: number[] = [];
  let bytes = 0;
  for (let step = 0; step < steps + 2; step++) {
    // The first two steps trace the graph and warm up.
    if (step === 2) bytes = loopbackBytes();
    const from = performance.now();
    await trainer.step(data, step, { rate: 0.001 });
    if (step >= 2) times.push(performance.now() - from);
  }
  const perStep = (loopbackBytes() - bytes) / steps;
  const parameters = trainer.method.trained.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const reduceMs = group && (await reduction(session, trainer.method.trained));
  if ((group?.rank ?? 0) > 0) return;
  const part = `${group?.count ?? 1} x batch ${batch / (group?.count ?? 1)}`;
  const wire = group
    ? `, ${(perStep / 2 ** 20).toFixed(1)} MiB on loopback a step, reduction alone ${reduceMs!.toFixed(0)} ms`
    : '';
  console.log(`${name}, ${parameters} weights, ${part}: ${median(times).toFixed(0)} ms a step${wire}`);
}

async function reduction(
  session: ReturnType<typeof openSession>,
  trained: Parameters<typeof meanOverWorkers>[0][number]['variable'][],
): Promise<number> {
  const reduce = session.compile('reduce', () => {
    const means = meanOverWorkers(trained.map((variable) => ({ variable, gradient: variable.read() })));
    return { sum: tf.addN(means.map(({ gradient }) => tf.sum(gradient))) };
  });
  const times: number[] = [];
  for (let i = 0; i < steps + 1; i++) {
    const from = performance.now();
    await reduce({});
    if (i > 0) times.push(performance.now() - from);
  }
  return median(times);
}

if (values.rank === undefined) {
  await measure(undefined);
  const count = Number(values.workers);
  const addresses = (await freePorts(count)).map((port) => `127.0.0.1:${port}`).join();
  const children = Array.from({ length: count }, (_, rank) =>
    fork(process.argv[1], process.argv.slice(2).concat('--rank', String(rank), '--addresses', addresses)),
  );
  await Promise.all(children.map((child) => new Promise((resolve) => child.once('exit', resolve))));
} else {
  const addresses = values.addresses!.split(',');
  const rank = Number(values.rank);
  const target = startServer({ addresses, rank, threads: 1, sources: [], unfiltered: 'refuse' });
  const wire = values.wire === 'bfloat16' ? 'bfloat16' : 'float32';
  await measure(createGroup({ rank, count: addresses.length, target, wire, timeoutSeconds: 600 }));
}
process.exit(0);
