import { parentPort, type TransferListItem, Worker } from 'node:worker_threads';
import { messageOf, UserError } from '../errors.js';

/** Worker threads that each run one task at a time. */
export interface WorkerPool<Task, Result> {
  readonly size: number;
  /** Rejects with the error of the task (a UserError stays one); a task that kills its thread harms no other. */
  run(task: Task): Promise<Result>;
  /** Stops all threads; tasks that are not done are rejected. */
  close(): Promise<void>;
}

/** The threads cannot be started at all, which is not a task's fault. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
}

/** A task crashed its thread (out of memory, for example). */
export class WorkerCrashError extends Error {
  override readonly name = 'WorkerCrashError';
}

type Reply<Result> =
  | { kind: 'ready' }
  | { kind: 'done'; result: Result }
  | { kind: 'failed'; message: string; byUser: boolean };

interface Thread<Task, Result> {
  run(task: Task): Promise<Result>;
  stop(): Promise<unknown>;
  alive(): boolean;
}

/** Opens a pool of up to `size` threads of a module that calls `serveTasks`; threads start when first needed. */
export function openWorkerPool<Task, Result>(module: URL, size: number): WorkerPool<Task, Result> {
  const all = new Set<Thread<Task, Result>>();
  const idle: Thread<Task, Result>[] = [];
  const waiting: (() => void)[] = [];
  let closed = false;
  const takeIdle = () => {
    for (let thread = idle.pop(); thread; thread = idle.pop()) {
      if (thread.alive()) return thread;
      all.delete(thread);
    }
    return undefined;
  };
  const acquire = async () => {
    for (;;) {
      if (closed) throw new Error('the worker pool is closed');
      const thread = takeIdle() ?? (all.size < size ? startThread<Task, Result>(module) : undefined);
      if (thread) {
        all.add(thread);
        return thread;
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return {
    size,
    async run(task) {
      const thread = await acquire();
      try {
        return await thread.run(task);
      } finally {
        if (thread.alive()) idle.push(thread);
        else all.delete(thread);
        waiting.shift()?.();
      }
    },
    async close() {
      closed = true;
      for (const wake of waiting.splice(0)) wake();
      await Promise.all([...all].map((thread) => thread.stop()));
    },
  };
}

function startThread<Task, Result>(module: URL): Thread<Task, Result> {
  // The program's own flags are not the threads': some, such as --input-type, keep a thread from starting.
  const worker = new Worker(module, { execArgv: [] });
  let job: { resolve(result: Result): void; reject(error: Error): void } | undefined;
  let ready = false;
  let alive = true;
  let crash: unknown;
  worker.on('message', (reply: Reply<Result>) => {
    if (reply.kind === 'ready') ready = true;
    else if (reply.kind === 'done') job?.resolve(reply.result);
    else job?.reject(reply.byUser ? new UserError(reply.message) : new Error(reply.message));
  });
  worker.on('error', (error) => {
    crash = error;
  });
  worker.on('exit', (code) => {
    alive = false;
    const why = crash ? messageOf(crash) : `exit code ${code}`;
    job?.reject(
      ready ? new WorkerCrashError(`the worker thread crashed: ${why}`) : new WorkerStartError(`${module}: ${why}`),
    );
  });
  return {
    run: (task) =>
      new Promise<Result>((resolve, reject) => {
        job = { resolve, reject };
        worker.postMessage(task);
      }),
    stop: () => worker.terminate(),
    alive: () => alive,
  };
}

/** The other side: answers each task of this worker thread with the result of `handle`. */
export function serveTasks<Task, Result>(
  handle: (task: Task) => Promise<{ result: Result; transfer?: TransferListItem[] }>,
): void {
  const port = parentPort!;
  const send = (reply: Reply<Result>, transfer: TransferListItem[] = []) => port.postMessage(reply, transfer);
  port.on('message', async (task: Task) => {
    try {
      const { result, transfer } = await handle(task);
      send({ kind: 'done', result }, transfer);
    } catch (error) {
      send({ kind: 'failed', message: messageOf(error), byUser: error instanceof UserError });
    }
  });
  send({ kind: 'ready' });
}

const MAX_BYTES_AHEAD = 2 ** 30;

/**
 * Runs tasks on the pool and yields the outcomes in the order of the tasks, looking ahead as far as keeps every
 * thread busy, but not so far that results the size of the largest one so far would fill a gigabyte. The consumer may
 * stop early; a signal that aborts ends the iteration with its reason.
 */
export async function* inOrder<Task, Result>(
  pool: WorkerPool<Task, Result>,
  tasks: Iterable<Task>,
  signal?: AbortSignal,
): AsyncGenerator<{ task: Task; outcome: PromiseSettledResult<Result> }> {
  const running: { task: Task; outcome: Promise<PromiseSettledResult<Result>> }[] = [];
  const source = tasks[Symbol.iterator]();
  let largestBytes = 1;
  for (;;) {
    const ahead = Math.max(1, Math.min(2 * pool.size, Math.floor(MAX_BYTES_AHEAD / largestBytes)));
    while (running.length < ahead) {
      const next = source.next();
      if (next.done) break;
      running.push({ task: next.value, outcome: settle(pool.run(next.value)) });
    }
    const first = running.shift();
    if (!first) return;
    const outcome = await first.outcome;
    signal?.throwIfAborted();
    if (outcome.status === 'rejected' && outcome.reason instanceof WorkerStartError) throw outcome.reason;
    if (outcome.status === 'fulfilled' && ArrayBuffer.isView(outcome.value)) {
      largestBytes = Math.max(largestBytes, outcome.value.byteLength);
    }
    yield { task: first.task, outcome };
  }
}

async function settle<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [outcome] = await Promise.allSettled([promise]);
  return outcome;
}
