import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../../../bin/voxloop.mjs', import.meta.url));

/** Time that processes have to end with their supervisor. */
const ENDING_MS = 10_000;

/** A run with several workers, as the command line starts it. */
export interface RunCommand {
  config: string;
  workers: number;
  /** With `--fewer-workers`, after one restart. */
  fewer: boolean;
}

/** A supervisor that has been started. */
export interface RunProcess {
  child: ChildProcess;
  startedAt: number;
  /** Its exit code, or null where a signal ended it. */
  ended: Promise<number | null>;
  /** What it and the first worker have written to stderr. */
  stderr(): string;
}

export function startRun({ config, workers, fewer }: RunCommand, out: string): RunProcess {
  const restarts = fewer ? ['--fewer-workers', '--restarts', '1'] : ['--restarts', '100000'];
  const args = [bin, 'run', config, '--out', out, '--workers', String(workers)].concat(restarts);
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr!.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return { child, startedAt: Date.now(), ended, stderr: () => text };
}

/** Process id of a supervisor's worker; undefined where there is none at the moment. */
export function workerOf({ child }: RunProcess, rank: number): number | undefined {
  const children = textOf(`/proc/${child.pid}/task/${child.pid}/children`).split(/\s+/).filter(Boolean);
  const place = new RegExp(`"rank":${rank}[,}]`);
  return children.map(Number).find((id) => place.test(textOf(`/proc/${id}/environ`)));
}

/** False where the process is gone. */
export function end(id: number): boolean {
  try {
    return process.kill(id, 'SIGKILL');
  } catch {
    return false;
  }
}

/** Ends what a bench that was stopped has left of a run. */
export async function endRun(out: string): Promise<void> {
  for (const id of processesOf(out)) end(id);
  if ((await leftOver(out)) > 0) throw new Error(`processes of ${out} do not end`);
}

/** Processes of a run that are still there a while after they should have ended. */
export async function leftOver(out: string): Promise<number> {
  for (const from = Date.now(); ; await setTimeout(100)) {
    const left = processesOf(out);
    if (left.length === 0 || Date.now() - from > ENDING_MS) return left.length;
  }
}

/** Processes of a run, supervisor and workers, that are there at the moment. */
function processesOf(out: string): number[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids
    .filter((id) => {
      const args = textOf(`/proc/${id}/cmdline`).split('\0');
      return args.includes(bin) && args.includes(out);
    })
    .map(Number);
}

/** Empty where the process is gone. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
