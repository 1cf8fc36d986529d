/**
 * Metrics of many trials beside the time in which pandas reads them and NumPy sorts them, round after round in one run (Linux):
 *
 *   node dist/bench/speed/metrics.js --python VENV/bin/python [--trials 10000000] [--rounds 5] [--engine c|pyarrow] [--skip text|npy]
 *
 * voxloop's time is that of the whole command `voxloop metrics FILE --json`, Node's start included, and its memory the peak of its
 * resident set; pandas' is that of read_csv alone, NumPy's that of one sort in one thread. VENV needs numpy and pandas. Standard output:
 * one line of JSON; `ratio` is voxloop's time through theirs, of each round. `difference` is the largest one between voxloop's figures
 * and plain NumPy's.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    trials: { type: 'string', default: '10000000' },
    rounds: { type: 'string', default: '5' },
    engine: { type: 'string', default: 'c' },
    skip: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const command = fileURLToPath(new URL('../../../bin/voxloop.mjs', import.meta.url));

interface Figures {
  eer: number;
  minDcf: number;
  cllr: number;
}

interface Run {
  seconds: number;
  peakBytes: number;
  figures: Figures;
}

function startPeer(dir: string) {
  const script = fileURLToPath(new URL('../../../bench/speed/pandas_metrics.py', import.meta.url));
  const peer = spawn(values.python, [script, dir, values.trials, values.engine], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
  const answer = async <T>() => JSON.parse((await lines.next()).value) as T;
  return {
    ready: answer<{ pandas: string; numpy: string }>(),
    ask<T>(what: 'read' | 'sort' | 'figures') {
      peer.stdin.write(`${what}\n`);
      return answer<T>();
    },
    end: () => peer.stdin.end(),
  };
}

/** Peak of the resident set so far; 0 once the process is gone. */
function peakOf(pid: number): number {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function run(args: string[]): Promise<Run> {
  const begin = performance.now();
  const child = spawn(process.execPath, [command, 'metrics', ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let peakBytes = 0;
  let text = '';
  const look = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakOf(child.pid!));
  }, 10);
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(look);
      if (code !== 0) return reject(new Error(`voxloop ended with ${code}`));
      const { eer, minDcf, cllr } = JSON.parse(text);
      resolve({
        seconds: (performance.now() - begin) / 1000,
        peakBytes,
        figures: { eer, minDcf: minDcf['0.01'], cllr },
      });
    });
  });
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

const dir = mkdtempSync(join(tmpdir(), 'metrics-'));
try {
  const peer = startPeer(dir);
  const versions = await peer.ready;
  const truth = await peer.ask<Figures>('figures');
  const forms = {
    text: { args: [join(dir, 'scores.txt')], against: 'read' },
    npy: { args: [join(dir, 'scores.npy'), '--labels', join(dir, 'labels.npy')], against: 'sort' },
  } as const;
  const names = (['text', 'npy'] as const).filter((name) => name !== values.skip);
  const pairs = { text: [] as { here: Run; there: number }[], npy: [] as { here: Run; there: number }[] };
  // One round before the first brings the files into the system's cache.
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const here = await run([...forms[name].args]);
      const there = await peer.ask<{ seconds: number }>(forms[name].against);
      if (round >= 0) pairs[name].push({ here, there: there.seconds });
      console.error(`round ${round + 1}, ${name}: voxloop ${here.seconds.toFixed(2)} s, ${there.seconds.toFixed(2)} s`);
    }
  }
  peer.end();
  const summary = names.map((name) => {
    const ratios = pairs[name].map(({ here, there }) => here.seconds / there);
    const differences = pairs[name].flatMap(({ here: { figures } }) =>
      // Text holds five decimals of each score.
      (['eer', 'minDcf', 'cllr'] as const).map((figure) => Math.abs(figures[figure] - truth[figure])),
    );
    const figures = {
      ratio: { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) },
      seconds: { voxloop: pairs[name].map(({ here }) => here.seconds), peer: pairs[name].map(({ there }) => there) },
      peakMB: Math.max(...pairs[name].map(({ here }) => Math.round(here.peakBytes / 1e6))),
      difference: Math.max(...differences),
    };
    return [name, figures] as const;
  });
  console.log(
    JSON.stringify({
      ...versions,
      engine: values.engine,
      trials: Number(values.trials),
      ...Object.fromEntries(summary),
    }),
  );
} finally {
  rmSync(dir, { recursive: true });
}
