/**
 * Kills processes of a run with several workers at random moments, start-up and checkpoints included, and compares what comes out with an
 * undisturbed run of the same recipe and number of workers.
 *
 *   npm run build && node dist/bench/workers/kills.js [--config bench/workers/kills.yaml] [--workers 2] [--kills 10] [--seed 1]
 *     [--keep DIR] [--fewer]
 *
 * The first run is not disturbed, and tells how long start-up and every stage take. Then each kill (SIGKILL) hits a worker or the supervisor,
 * drawn evenly, at a moment of the start-up or of a stage that is still to come, all drawn evenly, too: after a share of its length, or, one
 * time in three, while it writes a file. A supervisor that was killed is started again at once, with the same command. When a run ends
 * before all kills are spent, another begins. Every run must end with exit code 0, leave the undisturbed run's files and no process.
 *
 * Prints a line for each kill and run, and at the end how many kills hit which stage, what supervisors gave as reasons to start their workers
 * again, and how many files differ. What a kill does is drawn from --seed and its number. With --keep the same command goes on where it
 * was stopped, and everything stays in DIR. --fewer runs with `--fewer-workers --restarts 1`: numbers then depend on the moment at which a
 * worker is given up, so only the names of files are compared. Linux only.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { createRng } from '../../src/random.js';
import { disturbedRun, type Kill } from './parts/disturbed-run.js';
import { filesOf } from './parts/run-files.js';
import { endRun, type RunCommand, startRun } from './parts/run-process.js';
import { type Timeline, timelineOf } from './parts/run-timeline.js';

const { values } = parseArgs({
  options: {
    config: { type: 'string', default: fileURLToPath(new URL('../../../bench/workers/kills.yaml', import.meta.url)) },
    workers: { type: 'string', default: '2' },
    kills: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'string' },
    fewer: { type: 'boolean', default: false },
  },
});

const root = values.keep ? resolve(values.keep) : mkdtempSync(join(tmpdir(), 'voxloop-kills-'));
const wanted = Number(values.kills);
const { config, fewer } = values;
const command: RunCommand = { config, workers: Number(values.workers), fewer };

if (fewer && command.workers < 3) throw new Error('--fewer needs --workers 3 or more: runs go on with two at least');

/** What an undisturbed run looks like. */
interface Undisturbed {
  command: RunCommand;
  seconds: number;
  timeline: Timeline;
  /** Digest of each file, by its path in the run's folder. */
  files: Record<string, string>;
}

/** A run with kills that has ended. */
interface EndedRun {
  run: number;
  seconds: number;
  kills: number;
  /** Files that differ, are missing or should not be there. */
  differing: string[];
  orphans: number;
  /** What its supervisors said, except what is said of every kill. */
  reasons: string[];
}

async function undisturbedRun(): Promise<Undisturbed> {
  const record = join(root, 'undisturbed.json');
  if (existsSync(record)) {
    const kept = JSON.parse(readFileSync(record, 'utf8')) as Undisturbed;
    if (isDeepStrictEqual(kept.command, command)) return kept;
    throw new Error(`${root} holds runs with ${JSON.stringify(kept.command)}: choose another --keep`);
  }
  const out = join(root, 'undisturbed');
  await endRun(out);
  rmSync(out, { recursive: true, force: true });
  const began = Date.now();
  const first = startRun({ ...command, fewer: false }, out);
  const code = await first.ended;
  if (code !== 0) throw new Error(`the undisturbed run ended with exit code ${code}:\n${first.stderr()}`);
  const seconds = (Date.now() - began) / 1000;
  const undisturbed = { command, seconds, timeline: timelineOf(out, began), files: filesOf(out) };
  writeFileSync(record, JSON.stringify(undisturbed, null, 1));
  return undisturbed;
}

/** Lines of a record that is written line by line. */
function linesOf<T>(name: string): T[] {
  const path = join(root, name);
  if (!existsSync(path)) return [];
  const whole = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return whole.map((line) => JSON.parse(line) as T);
}

const keep = (name: string, value: unknown): void =>
  writeFileSync(join(root, name), `${JSON.stringify(value)}\n`, { flag: 'a' });

function differences({ files }: Undisturbed, out: string): string[] {
  const found = filesOf(out);
  const names = [...new Set(Object.keys(files).concat(Object.keys(found)))];
  return names.filter((name) => (fewer ? name in files !== name in found : files[name] !== found[name]));
}

async function kill(undisturbed: Undisturbed): Promise<void> {
  for (let run = linesOf<EndedRun>('runs.jsonl').length + 1; ; run++) {
    const before = linesOf<Kill>('kills.jsonl');
    if (before.length >= wanted && before.every((one) => one.run < run)) return;
    const out = join(root, `run-${run}`);
    const began = performance.now();
    const { orphans, reasons } = await disturbedRun(command, out, {
      timeline: undisturbed.timeline,
      left: () => wanted - linesOf<Kill>('kills.jsonl').length,
      next: () => createRng(`${values.seed}/${linesOf<Kill>('kills.jsonl').length}`),
      killed(hit) {
        keep('kills.jsonl', { run, ...hit });
        console.log(`kill ${linesOf('kills.jsonl').length}: ${hit.target} in ${hit.stage}, aimed at ${hit.aim}`);
      },
    });
    const seconds = (performance.now() - began) / 1000;
    const differing = differences(undisturbed, out);
    const kills = linesOf<Kill>('kills.jsonl').filter((one) => one.run === run).length;
    keep('runs.jsonl', { run, seconds, kills, differing, orphans, reasons } satisfies EndedRun);
    const odd = differing.length > 0 ? `: ${differing.slice(0, 5).join(' ')}` : '';
    console.log(`run ${run}: ${seconds.toFixed(1)} s, ${kills} kills, ${differing.length} files differ${odd}`);
    if (differing.length === 0 && !values.keep) rmSync(out, { recursive: true });
  }
}

/** `stage: worker 0 3, supervisor 1`, a line each. */
function table(): string[] {
  const kills = linesOf<Kill>('kills.jsonl');
  const count = (names: string[]): [string, number][] =>
    [...new Set(names)].sort().map((name) => [name, names.filter((other) => other === name).length]);
  const shown = (counts: [string, number][]) => counts.map(([name, number]) => `${name} ${number}`).join(', ');
  const stages = count(kills.map(({ stage }) => stage)).map(([stage, number]) => {
    const targets = count(kills.filter((one) => one.stage === stage).map(({ target }) => target));
    return `  ${stage}: ${number} kills (${shown(targets)})`;
  });
  const reasons = count(linesOf<EndedRun>('runs.jsonl').flatMap((run) => run.reasons));
  return ['kills by stage:']
    .concat(stages, `  while a file was being written: ${kills.filter(({ writing }) => writing).length}`)
    .concat(
      'reasons of supervisors:',
      reasons.map(([reason, number]) => `  ${number} x ${reason}`),
    );
}

const undisturbed = await undisturbedRun();
const stages = undisturbed.timeline.map(({ stage, seconds }) => `${stage} ${seconds.toFixed(1)}`).join(', ');
const number = Object.keys(undisturbed.files).length;
console.log(`undisturbed: ${undisturbed.seconds.toFixed(1)} s (${stages}), ${number} files`);
await kill(undisturbed);
const runs = linesOf<EndedRun>('runs.jsonl');
const total = (of: (run: EndedRun) => number): number => runs.reduce((sum, run) => sum + of(run), 0);
for (const line of table()) console.log(line);
const [differing, orphans] = [total((run) => run.differing.length), total((run) => run.orphans)];
console.log(
  `${total((run) => run.kills)} kills in ${runs.length} runs, ${(total((run) => run.seconds) / wanted).toFixed(1)} s a kill; ` +
    `${differing} files differ, ${orphans} processes were left over`,
);
if (!values.keep) rmSync(root, { recursive: true, force: true });
process.exitCode = differing + orphans > 0 ? 1 : 0;
