/**
 * Two workers in two network namespaces with limited bandwidth (Linux, root, `ip` and `tc`): what a step sends, how long it takes to reduce the
 * gradients, and how much of that the backward pass hides, beside a model of a step's time; and what the model predicts for more workers.
 *
 *   npm run build && node dist/bench/workers/network.js [--rates 1,10,25] [--backbone '{"name":"tdnn","width":512}'] [--batch 8]
 *                    [--frames 100] [--steps 10]
 *   node dist/bench/workers/network.js --predict [--gflops 500] [--local 32] [--frames 200] [--hop-ms 0.2] [--gib-per-second 1]
 *
 * Both workers have one thread each and share this machine, so a step takes as long as two on two machines that are each half as fast; other
 * work on it makes times longer, and the least of the steps is what is printed. Bytes are those that the kernel counted on the
 * interfaces. The model (parts/step-model.ts) is given what was measured without a limit: the computation of both workers at once without
 * reduction, a reduction alone, and reductions of a few numbers; it predicts the same with a limit.
 * `--predict` traces ResNet34 and ResNet293, counts their multiply-adds, and prints steps and epochs of VoxCeleb2 for 8, 16 and 64 workers.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { openSession } from '../../src/engine/session/session.js';
import { createGroup } from '../../src/engine/workers/group.js';
import { startServer } from '../../src/engine/workers/server.js';
import { openBenchStep, openReduction, openSmallReductions, timesOf } from './parts/bench-step.js';
import { printPrediction } from './parts/predict-voxceleb2.js';
import { type Network, predictStep, type StepLoad } from './parts/step-model.js';
import { openTwoNetworks } from './parts/two-networks.js';

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '1,10,25' },
    backbone: { type: 'string', default: '{"name":"tdnn","width":512}' },
    batch: { type: 'string', default: '8' },
    frames: { type: 'string' },
    steps: { type: 'string', default: '10' },
    predict: { type: 'boolean', default: false },
    gflops: { type: 'string', default: '500' },
    local: { type: 'string', default: '32' },
    'hop-ms': { type: 'string', default: '0.2' },
    'gib-per-second': { type: 'string', default: '1' },
    rank: { type: 'string' },
    addresses: { type: 'string' },
    interface: { type: 'string' },
  },
});
const [batch, steps] = [Number(values.batch), Number(values.steps)];

/** Small reductions that are timed together. */
const SMALL = 20;

/** What a worker measured, in milliseconds (the least) and bytes. */
interface Measured {
  /** A step on this worker's part without the others. */
  computeMs: number;
  stepMs: number;
  reduceMs: number;
  /** One small reduction. */
  smallMs: number;
  /** Of a step, sent by this worker. */
  stepBytes: number;
  reduceBytes: number;
  gradientBytes: number;
  /** Collective operations of a step, those of the gradients left out. */
  small: number;
}

/** Bytes that an interface has sent. */
function sentBytes(name: string): number {
  const line = readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .find((text) => text.trim().startsWith(`${name}:`));
  return Number(line?.split(':')[1].trim().split(/\s+/)[8] ?? Number.NaN);
}

async function measureHere(rank: number, addresses: string[], device: string): Promise<Measured> {
  const frames = Number(values.frames ?? 100);
  const sources = addresses.map((address) => address.split(':')[0]);
  const target = startServer({ addresses, rank, threads: 1, sources, unfiltered: 'refuse', portsNamed: false });
  const group = createGroup({ rank, count: addresses.length, target, timeoutSeconds: 600 });
  const session = openSession({ device: 'cpu', threads: 1, workers: group });
  const together = await openBenchStep(session, { backbone: values.backbone, batch, frames });
  const bytesOver = async (runs: number, act: (number: number) => Promise<void>) => {
    let from = 0;
    const times = await timesOf(runs, 2, (number) => {
      if (number === 2) from = sentBytes(device);
      return act(number);
    });
    return { ms: times[0], bytes: (sentBytes(device) - from) / runs };
  };
  const step = await bytesOver(steps, together.step);
  const collectives = session.graph.operations.filter(({ type }) => type.startsWith('Collective')).length;
  const reduce = await bytesOver(steps, openReduction(session, together.trained));
  const reductions = session.graph.operations.filter(({ type }) => type.startsWith('Collective')).length - collectives;
  const small = await bytesOver(steps, openSmallReductions(session, SMALL));
  // Both workers compute at once, and neither waits for the other.
  const own = openSession({ device: 'cpu', threads: 1 });
  const alone = await openBenchStep(own, { backbone: values.backbone, batch: batch / addresses.length, frames });
  const [computeMs] = await timesOf(steps, 2, alone.step);
  return {
    computeMs,
    stepMs: step.ms,
    reduceMs: reduce.ms,
    smallMs: small.ms / SMALL,
    stepBytes: step.bytes,
    reduceBytes: reduce.bytes,
    gradientBytes: 4 * together.parameters,
    small: collectives - reductions,
  };
}

type Networks = ReturnType<typeof openTwoNetworks>;

/** Starts both workers and returns what the first measured. */
async function measureBoth({ addresses, interfaces, inside }: Networks, port: number): Promise<Measured> {
  const all = addresses.map((address) => `${address}:${port}`).join();
  const runs = addresses.map((_, rank) => {
    const [command, ...args] = inside(rank);
    const here = ['--rank', String(rank), '--addresses', all, '--interface', interfaces[rank]];
    const child = spawn(command, args.concat(process.execPath, process.argv.slice(1), here), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let last = '';
    createInterface({ input: child.stdout }).on('line', (line) => {
      last = line;
    });
    return exited.then((code) => {
      if (code !== 0) throw new Error(`worker ${rank} ended with exit code ${code}`);
      return JSON.parse(last) as Measured;
    });
  });
  return (await Promise.all(runs))[0];
}

const ms = (seconds: number): string => `${(1000 * seconds).toFixed(1)} ms`;
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(2)} MiB`;

/** Share of the reduction that the step does not take longer for. */
const hiddenOf = ({ stepMs, computeMs, reduceMs, small, smallMs }: Measured): number =>
  1 - (stepMs - computeMs - small * smallMs) / reduceMs;

function report(title: string, found: Measured, load: StepLoad, network: Network): void {
  const expected = predictStep(2, load, network);
  console.log(`${title}:`);
  console.log(
    `  each sent ${mib(found.stepBytes)} a step and ${mib(found.reduceBytes)} a reduction of ${mib(found.gradientBytes)} of gradients`,
  );
  console.log(
    `  measured: step ${found.stepMs.toFixed(1)} ms, computation alone ${found.computeMs.toFixed(1)}, reduction alone ` +
      `${found.reduceMs.toFixed(1)}, ${found.small} small ones of ${found.smallMs.toFixed(2)}; hidden ${(100 * hiddenOf(found)).toFixed(0)} %`,
  );
  console.log(
    `  model: step ${ms(expected.step)}, reduction ${ms(expected.reduction)}, small ones ${ms(expected.small)}; ` +
      `hidden ${(100 * expected.hidden).toFixed(0)} %`,
  );
}

async function measureRates(): Promise<void> {
  const networks = openTwoNetworks();
  try {
    let port = 29_600;
    const free = await measureBoth(networks, port++);
    const hopSeconds = free.smallMs / 2000;
    // What a ring of two sends of the gradients, each: all of them once.
    const secondsPerByte = Math.max(0, free.reduceMs / 1000 - 2 * hopSeconds) / free.gradientBytes;
    const load = { bytes: free.gradientBytes, small: free.small, computeSeconds: free.computeMs / 1000 };
    // One for each of the two workers.
    const coreToSpare = availableParallelism() > 2;
    const network = { bandwidth: Number.POSITIVE_INFINITY, secondsPerByte, hopSeconds, coreToSpare };
    console.log(
      `${values.backbone}, batch ${batch} of two workers, ${values.frames ?? 100} frames, least of ${steps} steps`,
    );
    report('no limit (the model is given reduction, small ones and computation from here)', free, load, network);
    for (const rate of values.rates.split(',').map(Number)) {
      networks.limit(rate * 1e9);
      const found = await measureBoth(networks, port++);
      report(`${rate} Gbit/s`, found, load, { ...network, bandwidth: (rate * 1e9) / 8 });
    }
  } finally {
    networks.close();
  }
}

if (values.rank !== undefined) {
  const found = await measureHere(Number(values.rank), values.addresses!.split(','), values.interface!);
  console.log(JSON.stringify(found));
} else if (values.predict) {
  await printPrediction({
    rates: values.rates.split(',').map(Number),
    gflops: Number(values.gflops),
    local: Number(values.local),
    frames: Number(values.frames ?? 200),
    hopSeconds: Number(values['hop-ms']) / 1000,
    secondsPerByte: 1 / (Number(values['gib-per-second']) * 2 ** 30),
  });
} else await measureRates();
process.exit(0);
