import { createGroup, type WorkerGroup } from '../../engine/workers/group.js';
import { startServer } from '../../engine/workers/server.js';
import { Interrupted } from '../run/interrupt.js';
import { SIGN_MS, STOP_MESSAGE, type WorkerPlace, type WorkerSign } from './place.js';

/** This process as a worker. */
export interface WorkerLink {
  group: WorkerGroup;
  /** Aborted when the supervisor, or another worker's, asked to stop; in a training, when all workers have heard of it. */
  signal: AbortSignal;
}

/**
 * Makes this process a worker: starts TensorFlow's server, gives signs of life to the supervisor and hears from it when to stop.
 */
export function openWorker(place: WorkerPlace, threads: number): WorkerLink {
  const { rank, addresses, sources, allowNetwork, wire, timeoutSeconds } = place;
  const controller = new AbortController();
  let [wanted, training, working] = [false, false, false];
  const abort = () => controller.abort(new Interrupted());
  // Ctrl-C in a terminal reaches every process of the run; the supervisor speaks for it.
  process.on('SIGINT', () => {});
  process.on('message', (message) => {
    if (message !== STOP_MESSAGE) return;
    wanted = true;
    if (!training) abort();
  });
  const sign = (): void => {
    const state: WorkerSign = { working: training || working };
    process.send?.(state);
  };
  setInterval(sign, SIGN_MS).unref();
  // A worker that is done ends, though somebody listens.
  process.channel?.unref();
  const target = startServer({
    addresses,
    rank,
    threads,
    sources,
    unfiltered: allowNetwork ? 'listen' : 'refuse',
    portsNamed: place.portsNamed,
    gpu: place.gpu !== undefined,
  });
  const group = createGroup({
    rank,
    count: addresses.length,
    sharing: place.sharing,
    target,
    wire,
    timeoutSeconds,
    stopWanted: () => wanted,
    stopAgreed: abort,
    working(busy) {
      working = busy;
      sign();
    },
    begin() {
      training = true;
      sign();
    },
    end() {
      training = false;
      sign();
      if (wanted) abort();
    },
  });
  return { group, signal: controller.signal };
}
