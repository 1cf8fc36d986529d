import type { HostTensor } from '../../host-tensor.js';
import { intField, messageField } from '../../io/protobuf/fields.js';
import { bufferBytes, cApi, type Output, type Pointer, throwIfFailed } from '../graph/c-api.js';
import { type Node, SESSION_CLOSED } from '../graph/graph.js';
import { allowTensorFloat32 } from '../graph/tensor-float-32.js';
import { toHost, toNative } from '../graph/tensor-transfer.js';
import { createTurns } from './turns.js';

/** One run of a session: the tensors to feed and to fetch, and the operations to execute besides. */
export interface RunRequest {
  name: string;
  feeds: readonly (readonly [Node, HostTensor])[];
  fetches: readonly Node[];
  targets: readonly Pointer[];
  /** Also return TensorFlow's RunMetadata (trace level FULL). */
  traced?: boolean;
  /** Set where it waits for other processes. */
  collective?: CollectiveRun;
}

/** A run in several processes at once. */
export interface CollectiveRun {
  /** The number by which all of them know the graph: runs with the same one are parts of one step. */
  key: number;
  timeoutSeconds: number;
}

export interface RunResult {
  outputs: HostTensor[];
  metadata?: Uint8Array;
}

/**
 * RunOptions (tensorflow/core/protobuf/config.proto). inter_op_thread_pool 3 is -1: operations run one after the other, in an order
 * that depends on nothing but the graph. So the peak of live bytes is the same in every run and can be predicted; it is as fast as
 * with several threads, for each operation spreads over all cores by itself.
 */
const ONE_BY_ONE = intField(3, -1);
// trace_level 1 is FULL_TRACE.
const FULL_TRACE = intField(1, 3);
const [PLAIN_RUN, TRACED_RUN] = [ONE_BY_ONE, [...FULL_TRACE, ...ONE_BY_ONE]].map((bytes) => Uint8Array.from(bytes));

/** RunOptions with timeout_in_ms (2) and experimental.collective_graph_key (8, 1). */
const collectiveOptions = ({ key, timeoutSeconds }: CollectiveRun): Uint8Array =>
  Uint8Array.from(ONE_BY_ONE.concat(intField(2, 1000 * timeoutSeconds), messageField(8, intField(1, key))));

// TensorFlow refuses to trace two runs of a process at once, even of different sessions.
let lastTraced: Promise<unknown> = Promise.resolve();

const inTurn = createTurns(allowTensorFloat32);

/**
 * Runs a session asynchronously, so that the event loop goes on loading data and drawing progress meanwhile. `tf32`: whether a GPU may
 * compute in TF32 meanwhile; undefined where it does not matter, and the run then waits for no other session's.
 */
export function createRunner(
  session: Pointer,
  tf32: boolean | undefined,
): {
  run(request: RunRequest): Promise<RunResult>;
  /** Refuses further runs and waits for those under way. */
  close(): Promise<void>;
} {
  // One run at a time: each holds a thread of Node's small pool, which file reads need too.
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  return {
    async run(request) {
      if (closed) throw new Error(SESSION_CLOSED);
      const before = request.traced ? Promise.all([last, lastTraced]) : last;
      const act = () => runOnce(session, request);
      const result = before.then(() => (tf32 === undefined ? act() : inTurn(tf32, act)));
      last = result.catch(() => {});
      if (request.traced) lastTraced = last;
      return result;
    },
    async close() {
      closed = true;
      await last;
    },
  };
}

async function runOnce(session: Pointer, request: RunRequest): Promise<RunResult> {
  const c = cApi();
  const status: Pointer = c.NewStatus();
  const plain = request.collective ? collectiveOptions(request.collective) : PLAIN_RUN;
  const settings = request.traced ? TRACED_RUN : plain;
  const options: Pointer = c.NewBufferFromString(settings, settings.length);
  const metadata: Pointer = request.traced ? c.NewBuffer() : null;
  const fed: Pointer[] = [];
  const fetched: Pointer[] = new Array(request.fetches.length).fill(null);
  try {
    for (const [, value] of request.feeds) fed.push(toNative(value));
    const inputs: Output[] = request.feeds.map(([node]) => node.output);
    const outputs: Output[] = request.fetches.map((node) => node.output);
    await callAsync(c.SessionRun, [
      session,
      options,
      inputs,
      fed,
      fed.length,
      outputs,
      fetched,
      fetched.length,
      request.targets,
      request.targets.length,
      metadata,
      status,
    ]);
    throwIfFailed(request.name, status);
    return { outputs: fetched.map(toHost), metadata: metadata ? bufferBytes(metadata) : undefined };
  } finally {
    for (const tensor of [...fed, ...fetched]) if (tensor) c.DeleteTensor(tensor);
    for (const buffer of [options, metadata]) if (buffer) c.DeleteBuffer(buffer);
    c.DeleteStatus(status);
  }
}

function callAsync(call: { async: (...args: unknown[]) => void }, args: unknown[]): Promise<void> {
  return new Promise((resolve, reject) => {
    call.async(...args, (error: unknown) => (error ? reject(error) : resolve()));
  });
}
