import type { ChildProcess } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { SIGN_MS, STOP_MESSAGE, type WorkerSign } from './place.js';

/** The workers of this machine, and how long their supervisor has patience with them. */
export interface Supervision {
  /** Starts the workers of this machine anew; called once more after each failure, with the number of the attempt (from 0). */
  start(attempt: number): Promise<Attempt>;
  /** Times that all are started again before the run is given up. */
  restarts: number;
  /** Seconds without a sign of life after which a worker that does its part counts as hanging. */
  timeoutSeconds: number;
  /** Aborted by Ctrl-C and SIGTERM. */
  signal: AbortSignal;
  say(line: string): void;
}

/** The workers of one attempt. */
export interface Attempt {
  workers: Started[];
  /** True when another machine has begun a later attempt. Default: there is no other machine. */
  outdated?(): boolean;
}

/** A worker's process. */
export interface Started {
  rank: number;
  child: ChildProcess;
  /** The last lines that it wrote to stderr, where nobody else reads them. */
  lastLines(): string;
}

/** How an attempt ended, for all workers. */
type Outcome = { kind: 'done' } | { kind: 'fault' } | { kind: 'interrupted' } | { kind: 'failed'; why: string };

/** Time that workers have to stop by themselves when one of them has. */
const GRACE_MS = 60_000;
/** Time in which a worker's own word on what the user can put right may follow another's crash. */
const LAST_WORD_MS = 1500;

/**
 * Runs workers until the first of them is done, and returns the exit code of the run. When one dies or hangs all are killed and started
 * again, for TensorFlow's collective operations do not outlive the loss of a peer: they go on from the last checkpoint. What the user has to
 * put right (exit code 2) ends the run at once.
 */
export async function supervise(supervision: Supervision): Promise<number> {
  const { restarts, say, signal } = supervision;
  for (let attempt = 0; ; attempt++) {
    if (signal.aborted) return 130;
    const begun = await supervision.start(attempt).catch((error: unknown) => {
      // It may have been waiting for another machine.
      if (!signal.aborted) throw error;
    });
    if (!begun) return 130;
    const outcome = await oneAttempt(begun, supervision);
    if (outcome.kind === 'done') return 0;
    if (outcome.kind === 'fault') return 2;
    if (outcome.kind === 'interrupted') return 130;
    if (signal.aborted) return 130;
    if (attempt === restarts) {
      say(
        `${outcome.why}; the workers were started again ${restarts} times, and the run is given up. The same command goes on.`,
      );
      return 1;
    }
    say(`${outcome.why}; all workers start again from the last checkpoint (${attempt + 1} of ${restarts})`);
  }
}

async function oneAttempt(
  { workers, outdated }: Attempt,
  { signal, timeoutSeconds, say }: Supervision,
): Promise<Outcome> {
  const watched = workers.map(watch);
  const stop = () => {
    for (const { child } of workers) if (child.connected) child.send(STOP_MESSAGE, () => {});
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    const first = await Promise.race(
      watched.map(({ exited }) => exited).concat(firstHanging(watched, timeoutSeconds, outdated)),
    );
    return await outcomeOf(first, watched, say);
  } finally {
    signal.removeEventListener('abort', stop);
    for (const { child } of workers) child.kill('SIGKILL');
    await Promise.all(watched.map(({ exited }) => exited));
  }
}

/** The end of one worker. */
interface End {
  worker: Watched;
  /** Exit code, or null where a signal or its supervisor ended it. */
  code: number | null;
  why: string;
}

interface Watched extends Started {
  exited: Promise<End>;
  end?: End;
  working: boolean;
  signedAt: number;
}

function watch(started: Started): Watched {
  const { rank, child } = started;
  const watched = { ...started, working: false, signedAt: performance.now() } as Watched;
  child.on('message', ({ working }: WorkerSign) => Object.assign(watched, { working, signedAt: performance.now() }));
  watched.exited = new Promise((resolve) => {
    const ended = (code: number | null, why: string) => {
      watched.end = { worker: watched, code, why: `worker ${rank} ${why}` };
      resolve(watched.end);
    };
    child.once('exit', (code, signal) =>
      ended(code, signal ? `was ended by ${signal}` : `ended with exit code ${code}`),
    );
    child.once('error', (error) => ended(1, `could not be started: ${error.message}`));
  });
  return watched;
}

/** Waits for a worker that does its part and gives no sign, or for another machine that begins anew; never ends when all of them have ended. */
function firstHanging(
  workers: readonly Watched[],
  timeoutSeconds: number,
  outdated: () => boolean = () => false,
): Promise<End> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const alive = workers.filter(({ end }) => !end);
      if (alive.length === 0) clearInterval(timer);
      const since = (worker: Watched) => (performance.now() - worker.signedAt) / 1000;
      const hanging = alive.find((worker) => worker.working && since(worker) > timeoutSeconds);
      const behind = alive.length > 0 && outdated();
      if (!hanging && !behind) return;
      clearInterval(timer);
      const why = hanging
        ? `worker ${hanging.rank} gave no sign for ${timeoutSeconds} s`
        : 'another machine has started its workers again';
      resolve({ worker: hanging ?? alive[0], code: null, why });
    }, SIGN_MS);
    timer.unref();
  });
}

/** What the first end means for all. */
async function outcomeOf(first: End, workers: readonly Watched[], say: (line: string) => void): Promise<Outcome> {
  const leader = workers.find(({ rank }) => rank === 0);
  const others = Promise.all(workers.map(({ exited }) => exited));
  // A worker that follows is done a little before the first, which has the last word.
  if (first.code === 0) {
    await Promise.race([leader?.exited ?? others, failureOf(workers)]);
    await Promise.race([others, setTimeout(LAST_WORD_MS, undefined, { ref: false })]);
  } else if (first.code === 130) await Promise.race([others, setTimeout(GRACE_MS, undefined, { ref: false })]);
  else await Promise.race([others, setTimeout(LAST_WORD_MS, undefined, { ref: false })]);
  const ends = workers.flatMap(({ end }) => end ?? []);
  if (leader ? leader.end?.code === 0 : ends.every(({ code }) => code === 0)) return { kind: 'done' };
  const fault = ends.find(({ code }) => code === 2);
  if (fault) {
    // The first worker has said it itself.
    if (fault.worker.rank !== 0 && leader?.end?.code !== 2) say(fault.worker.lastLines());
    return { kind: 'fault' };
  }
  if (ends.some(({ code }) => code === 130)) return { kind: 'interrupted' };
  const lines = first.worker.rank === 0 ? '' : first.worker.lastLines();
  if (lines) say(lines);
  return { kind: 'failed', why: first.why };
}

/** Ends when a worker ended badly. */
const failureOf = (workers: readonly Watched[]): Promise<unknown> =>
  Promise.race(
    workers.map(({ exited }) =>
      exited.then((end) => (end.code === 0 || end.code === 130 ? new Promise(() => {}) : end)),
    ),
  );
