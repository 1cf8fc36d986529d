/**
 * Kills processes of a run with several workers at random moments, start-up and checkpoints included, and compares what comes out with an
 * undisturbed run of the same recipe and number of workers, byte by byte.
 *
 *   npm run build && node dist/bench/workers/kills.js --config RECIPE [--workers 2] [--kills 10] [--seconds 3] [--seed 1] [--keep DIR]
 *
 * Each kill (SIGKILL) hits a worker or the supervisor, drawn evenly, at a moment drawn evenly from the --seconds after the last one. A
 * supervisor that was killed is started again with the same command. When the run ends before all kills are spent, another begins. Prints a
 * line for each kill and each run, and at the end how many kills there were and how many files differ.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createRng } from '../../src/random.js';

const { values } = parseArgs({
  options: {
    config: { type: 'string' },
    workers: { type: 'string', default: '2' },
    kills: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'string' },
  },
});
if (!values.config) throw new Error('--config is missing: the recipe to run');

const bin = fileURLToPath(new URL('../../../bin/voxloop.mjs', import.meta.url));
const root = values.keep ?? mkdtempSync(join(tmpdir(), 'voxloop-kills-'));
const rng = createRng(values.seed);
const wanted = Number(values.kills);

/** Files whose bytes must not depend on kills: networks, metrics, gate and losses. */
function digests(dir: string): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (/\.(safetensors|npy|jsonl)$/.test(entry.name) && entry.name !== 'journal.jsonl')
        found.set(relative(dir, path), createHash('sha256').update(readFileSync(path)).digest('hex'));
    }
  };
  walk(join(dir, 'stages'));
  return found;
}

interface Run {
  child: ChildProcess;
  ended: Promise<number | null>;
  stderr(): string;
}

function start(out: string): Run {
  const args = [bin, 'run', values.config!, '--out', out, '--workers', values.workers, '--restarts', '100000'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr!.setEncoding('utf8').on('data', (part) => {
    text = (text + part).slice(-4000);
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return { child, ended, stderr: () => text };
}

/** Process ids of a supervisor's workers (Linux). */
function workersOf({ child }: Run): number[] {
  try {
    return readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
      .trim()
      .split(/\s+/)
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}

/** Runs the recipe until it is done, with kills as long as there are some left; returns how many it took. */
async function disturbedRun(out: string, left: number): Promise<number> {
  let run = start(out);
  for (let kills = 0; ; ) {
    const pause = setTimeout(1000 * rng.uniform(0, Number(values.seconds)), 'kill' as const);
    const next = await Promise.race([
      run.ended.then((code) => ({ code })),
      kills < left ? pause : run.ended.then((code) => ({ code })),
    ]);
    if (next !== 'kill') {
      if (next.code === 0) return kills;
      throw new Error(`the run ended with exit code ${next.code}:\n${run.stderr()}`);
    }
    const place = Math.floor(rng.uniform(0, 1 + Number(values.workers)));
    const name = place === 0 ? 'supervisor' : `worker ${place - 1}`;
    // A supervisor that has just been started has none yet.
    while (place > 0 && run.child.exitCode === null && workersOf(run).length < place) await setTimeout(20);
    const target = place === 0 ? run.child.pid! : workersOf(run)[place - 1];
    if (target === undefined) continue;
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      continue;
    }
    kills++;
    console.log(`kill ${kills}: ${name}`);
    if (place > 0) continue;
    await run.ended;
    run = start(out);
  }
}

const undisturbed = join(root, 'undisturbed');
const from = performance.now();
const first = start(undisturbed);
const code = await first.ended;
if (code !== 0) throw new Error(`the undisturbed run ended with exit code ${code}:\n${first.stderr()}`);
const expected = digests(undisturbed);
console.log(`undisturbed: ${((performance.now() - from) / 1000).toFixed(1)} s, ${expected.size} files`);

let [kills, runs, differing] = [0, 0, 0];
while (kills < wanted) {
  const out = join(root, `run-${++runs}`);
  const began = performance.now();
  kills += await disturbedRun(out, wanted - kills);
  const found = digests(out);
  const other = [...new Set([...expected.keys()].concat([...found.keys()]))].filter(
    (file) => expected.get(file) !== found.get(file),
  );
  differing += other.length;
  console.log(
    `run ${runs}: ${((performance.now() - began) / 1000).toFixed(1)} s, ${other.length} files differ ${other.slice(0, 5).join(' ')}`,
  );
}
console.log(`${kills} kills in ${runs} runs, ${differing} files differ`);
if (!values.keep) rmSync(root, { recursive: true, force: true });
process.exitCode = differing > 0 ? 1 : 0;
