import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Rng } from '../../../src/random.js';
import { end, endRun, leftOver, type RunCommand, type RunProcess, startRun, workerOf } from './run-process.js';
import { finishedStages, START_UP, type Timeline, whereIs } from './run-timeline.js';

const POLL_MS = 5;
/** Times the length of an undisturbed run after which a run without a kill counts as hanging. */
const PATIENCE = 60;
/** One time in so many a kill waits for a file that is being written. */
const WRITING_IN = 3;

/** A kill that was done. */
export interface Kill {
  run: number;
  /** `worker 1` or `supervisor`. */
  target: string;
  /** Stage that was hit. */
  stage: string;
  /** What was aimed at. */
  aim: string;
  /** A file was being written at that moment. */
  writing: boolean;
}

/** The kills of a run. */
export interface Disturbance {
  timeline: Timeline;
  /** How many are left. */
  left(): number;
  /** What the next one draws from. */
  next(): Rng;
  killed(kill: Omit<Kill, 'run'>): void;
}

/** What its supervisors said of starting again, and how many processes were still there after the end. */
export interface Disturbed {
  reasons: string[];
  orphans: number;
}

/** Runs a recipe until it is done, with kills as long as there are some left; what the supervisors say goes to OUT.log. */
export async function disturbedRun(command: RunCommand, out: string, disturbance: Disturbance): Promise<Disturbed> {
  const { timeline, left, next, killed } = disturbance;
  await endRun(out);
  const said: string[] = [];
  for (let run = startRun(command, out), from = run.startedAt, torn = temporaryFiles(out); ; ) {
    const over = async (): Promise<number | null> => {
      const code = await withPatience(run.ended, timeline, out);
      appendFileSync(`${out}.log`, `${run.stderr()}--- ended with ${code}\n`);
      said.push(run.stderr());
      return code;
    };
    const rng = next();
    const aim = drawAim(rng, timeline, out);
    const target = rng.int(1 + command.workers) - 1;
    const victim = left() > 0 ? await reached(aim, { run, out, from, torn, target, timeline }) : undefined;
    if (victim === undefined) {
      const code = await over();
      if (code === 0) return { reasons: said.flatMap(reasonsOf), orphans: await leftOver(out) };
      // Given up after so many restarts, as it was told to.
      const again = code === 1 && command.fewer;
      if (!again) throw new Error(`${out} ended with exit code ${code}:\n${run.stderr().slice(-4000)}`);
    } else {
      const stage = whereIs(out, from);
      const written = temporaryFiles(out);
      const writing = [...written].some((file) => !torn.has(file));
      if (!end(victim)) continue;
      from = Date.now();
      killed({ target: target < 0 ? 'supervisor' : `worker ${target}`, stage, aim: shown(aim), writing });
      torn = written;
      if (target >= 0) continue;
      await over();
    }
    run = startRun(command, out);
    from = run.startedAt;
  }
}

/** A moment of a run: a share of a stage's length, or (undefined) when it writes a file. */
interface Aim {
  stage: string;
  seconds: number;
  share?: number;
}

const shown = ({ stage, share }: Aim): string =>
  share === undefined ? `a file of ${stage}` : `${share.toFixed(2)} of ${stage}`;

/** Draws a moment of start-up or of a stage that is not finished. */
function drawAim(rng: Rng, timeline: Timeline, out: string): Aim {
  const finished = finishedStages(out);
  const open = timeline.filter(({ stage }) => !finished.has(stage));
  const { stage, seconds } = open[rng.int(open.length)];
  const [share, writes] = [rng.next(), rng.int(WRITING_IN) === 0];
  return { stage, seconds, share: writes && stage !== START_UP ? undefined : share };
}

interface Sight {
  run: RunProcess;
  out: string;
  /** When these workers were started, in milliseconds since 1970. */
  from: number;
  /** Files that kills before this one cut short. */
  torn: ReadonlySet<string>;
  /** Rank of the worker, or -1 for the supervisor. */
  target: number;
  timeline: Timeline;
}

/**
 * Waits for the moment, or a later one where it does not come, and until there is such a process; returns its id. Undefined where the run
 * ends before.
 */
async function reached(aim: Aim, { run, out, from, torn, target, timeline }: Sight): Promise<number | undefined> {
  const until = Date.now() + patienceMs(timeline);
  const waitFor = async (isReady: () => boolean): Promise<boolean> => {
    while (!isReady()) {
      await setTimeout(POLL_MS);
      if (run.child.exitCode !== null || run.child.signalCode !== null) return false;
      if (Date.now() > until) throw new Error(`${out} does not come to its end; it is at ${whereIs(out, from)}`);
    }
    return true;
  };
  const { stage, seconds, share } = aim;
  const isOver = () => finishedStages(out).has(stage);
  if (!(await waitFor(() => stage === START_UP || whereIs(out, from) === stage || isOver()))) return undefined;
  const begun = stage === START_UP ? from : Date.now();
  const isWriting = () => [...temporaryFiles(out)].some((file) => !torn.has(file)) || isOver();
  const isDue = () => (share === undefined ? isWriting() : Date.now() >= begun + 1000 * share * seconds);
  if (!(await waitFor(isDue))) return undefined;
  const victim = () => (target < 0 ? run.child.pid : workerOf(run, target));
  return (await waitFor(() => victim() !== undefined)) ? victim() : undefined;
}

/** Files that have not taken their names yet, and those that never will. */
function temporaryFiles(out: string): Set<string> {
  try {
    const names = readdirSync(join(out, 'stages'), { recursive: true }) as string[];
    return new Set(names.filter((name) => name.endsWith('.tmp')));
  } catch {
    // There are none yet, or a folder went while it was read.
    return new Set();
  }
}

const patienceMs = (timeline: Timeline): number =>
  PATIENCE * 1000 * timeline.reduce((sum, { seconds }) => sum + seconds, 0);

async function withPatience<T>(result: Promise<T>, timeline: Timeline, out: string): Promise<T> {
  const inTime = new AbortController();
  const late = setTimeout(patienceMs(timeline), undefined, { signal: inTime.signal }).then(() => {
    throw new Error(`${out} does not come to its end`);
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    late.catch(() => {});
    inTime.abort();
  }
}

/** Why a supervisor started its workers again, and what it warned of. */
const reasonsOf = (stderr: string): string[] =>
  stderr
    .split('\n')
    .filter((line) => /start again|given up|goes on with|warning|error|no sign|waiting/i.test(line))
    .map((line) => line.replace(/ \(\d+ of \d+\)/, '').slice(0, 200));
