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
import { openSession } from '../../src/engine/session/session.js';
import { createGroup, type WorkerGroup } from '../../src/engine/workers/group.js';
import { startServer } from '../../src/engine/workers/server.js';
import { freePorts } from '../../src/pipeline/workers/free-ports.js';
import { openBenchStep, openReduction, timesOf } from './parts/bench-step.js';

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
const [batch, frames, steps] = [Number(values.batch), Number(values.frames), Number(values.steps)];

/** The median of ascending times. */
const median = (times: number[]): number => times[Math.floor(times.length / 2)];

/** Bytes that the loopback interface has received. */
const loopbackBytes = (): number =>
  Number(/^\s*lo:\s*(\d+)/m.exec(readFileSync('/proc/net/dev', 'utf8'))?.[1] ?? Number.NaN);

async function measure(group: WorkerGroup | undefined): Promise<void> {
  const session = openSession({ device: 'cpu', threads: 1, workers: group });
  const { step, trained, parameters } = await openBenchStep(session, { backbone: values.backbone, batch, frames });
  let bytes = 0;
  // The first two steps trace the graph and warm up.
  const times = await timesOf(steps, 2, (number) => {
    if (number === 2) bytes = loopbackBytes();
    return step(number);
  });
  const perStep = (loopbackBytes() - bytes) / steps;
  const reduceMs = group && median(await timesOf(steps, 1, openReduction(session, trained)));
  if ((group?.rank ?? 0) > 0) return;
  const part = `${group?.count ?? 1} x batch ${batch / (group?.count ?? 1)}`;
  const wire = group
    ? `, ${(perStep / 2 ** 20).toFixed(1)} MiB on loopback a step, reduction alone ${reduceMs!.toFixed(0)} ms`
    : '';
  console.log(
    `${JSON.parse(values.backbone).name}, ${parameters} weights, ${part}: ${median(times).toFixed(0)} ms a step${wire}`,
  );
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
  const target = startServer({ addresses, rank, threads: 1, sources: [], unfiltered: 'refuse', portsNamed: false });
  const wire = values.wire === 'bfloat16' ? 'bfloat16' : 'float32';
  await measure(createGroup({ rank, count: addresses.length, target, wire, timeoutSeconds: 600 }));
}
process.exit(0);
