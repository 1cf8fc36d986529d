import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type Started, supervise } from '../../../src/pipeline/workers/supervise.js';

const folder = mkdtempSync(join(tmpdir(), 'voxloop-test-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));
const script = join(folder, 'worker.mjs');
// Does as it is told: ends with a code, waits for a word from its supervisor, or trains and is silent after one sign.
writeFileSync(
  script,
  `const [, , act] = process.argv;
process.on('message', () => process.exit(130));
if (act === 'silent') { process.send({ working: true }); setInterval(() => {}, 1000); }
else if (act === 'wait') setInterval(() => process.send({ working: true }), 50);
else if (act === 'killed') process.kill(process.pid, 'SIGKILL');
else { if (act === '2') process.stderr.write('wrong option\\n'); process.exitCode = Number(act); process.disconnect(); }
`,
);

const started = (rank: number, act: string): Started => {
  const child: ChildProcess = fork(script, [act], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  return { rank, child, lastLines: () => `worker ${rank}: its last lines` };
};

/** Supervises workers of which each attempt is a list of what they do. */
async function outcome(
  attempts: string[][],
  more: { signal?: AbortSignal; restarts?: number; timeoutSeconds?: number } = {},
) {
  const lines: string[] = [];
  let count = 0;
  const code = await supervise({
    restarts: 2,
    timeoutSeconds: 60,
    signal: new AbortController().signal,
    ...more,
    say: (line) => lines.push(line),
    start: async () => ({ workers: attempts[count++].map((act, rank) => started(rank, act)) }),
  });
  return { code, count, lines: lines.join('\n') };
}

test('the run is done when the first worker is', async (t) => {
  t.like(await outcome([['0', '0']]), { code: 0, count: 1, lines: '' });
});

test('a worker that was killed ends all of them, and all start again', async (t) => {
  const { code, count, lines } = await outcome([
    ['wait', 'killed'],
    ['killed', 'wait'],
    ['0', '0'],
  ]);
  t.like({ code, count }, { code: 0, count: 3 });
  t.regex(lines, /worker 1 was ended by SIGKILL; all workers start again from the last checkpoint \(1 of 2\)/);
  t.regex(lines, /worker 0 was ended by SIGKILL.*\(2 of 2\)/);
});

test('after so many failures the run is given up', async (t) => {
  const { code, count, lines } = await outcome(
    [
      ['wait', '1'],
      ['1', 'wait'],
    ],
    { restarts: 1 },
  );
  t.like({ code, count }, { code: 1, count: 2 });
  t.regex(lines, /worker 1: its last lines/);
  t.regex(lines, /started again 1 times, and the run is given up/);
});

test('what the user has to put right is not tried again', async (t) => {
  const { code, count, lines } = await outcome([['wait', '2']]);
  t.like({ code, count }, { code: 2, count: 1 });
  t.regex(lines, /worker 1: its last lines/);
});

test('a worker that trains and gives no sign counts as hanging', async (t) => {
  const { code, lines } = await outcome(
    [
      ['wait', 'silent'],
      ['0', '0'],
    ],
    { timeoutSeconds: 2 },
  );
  t.is(code, 0);
  t.regex(lines, /worker 1 gave no sign for 2 s; all workers start again/);
});

test('Ctrl-C is handed on, and the run ends with 130', async (t) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 1000);
  t.like(await outcome([['wait', 'wait']], { signal: controller.signal }), { code: 130, count: 1 });
});
