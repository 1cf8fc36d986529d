import { type ExecFileException, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { writeRecordings } from '../../helpers/corpora/recordings-folder.js';
import { runMain } from '../../helpers/run-main.js';

const bin = fileURLToPath(new URL('../../../../bin/voxloop.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'voxloop-corpus-'));
test.after.always(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

writeRecordings(at('root'), ['anna', 'ben', 'carl', 'dora'], 5);

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

function corpus(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, 'corpus', ...args], (error: ExecFileException | null, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

const dir = ['dir', '--root', at('root'), '--min-seconds', '0.2', '--jobs', '2'];

test.serial('dir prints what it made, as a sentence or as JSON; progress goes to stderr', async (t) => {
  const made = await corpus(...dir, '--out', at('made'), '--speaker', '0', '--json');
  t.is(made.code, 0, made.stderr);
  t.like(JSON.parse(made.stdout), { name: 'dir', dir: at('made'), existing: false, utterances: 20, trials: 40 });
  t.regex(made.stderr, / {2}20 of 20 decoded/);
  const again = await corpus(...dir, '--out', at('made'), '--speaker', '0');
  t.is(again.code, 0, again.stderr);
  t.regex(again.stdout, /made was there already: 20 utterances of 4 speakers, .* 10 of 2 of them for 40 trials\n$/);
});

test.serial('synthetic makes voices', async (t) => {
  const size = ['--speakers', '4', '--utterances', '2', '--seconds', '1', '--test-speakers', '2', '--seed', '3'];
  const { code, stdout, stderr } = await corpus('synthetic', '--out', at('voices'), ...size, '--json');
  t.is(code, 0, stderr);
  t.like(JSON.parse(stdout), { name: 'synthetic', seed: 3, utterances: 8, speakers: 4, test: { speakers: 2 } });
});

test("the user's mistakes end with code 2 and make nothing", async (t) => {
  const out = ['--out', at('none')];
  const cases: [string[], RegExp][] = [
    [['dir', ...out], /--root/],
    [['dir', '--root', at('root')], /--out/],
    [['dir', '--root', at('gone'), ...out], /There is no folder .*gone/],
    [
      [...dir, ...out, '--speaker', 'name'],
      /--speaker <part>' argument 'name' is invalid\. It must be a whole number of at least 0\./,
    ],
    [[...dir, ...out, '--speaker', '2'], /no folder for part 2/],
    [[...dir, ...out, '--min-seconds', '0'], /number of seconds above 0/],
    [[...dir, ...out, '--ext', ','], /must be extensions/],
    [[...dir, ...out, '--ext', 'flac'], /It holds 20 \.wav files/],
    [[...dir, ...out, '--jobs', '0'], /from 1 to 1024/],
    [[...dir, '--out', at('root')], /lies in|would be replaced/],
    [['synthetic', ...out, '--speakers', '1'], /at least 2/],
    [['tape', ...out], /unknown command/],
    [['debian', '--out', at('root')], /root exists and is not a corpus/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await runMain(['corpus', ...args]);
    t.is(code, 2, `${args}: ${stderr}`);
    t.regex(stderr, message);
    t.is(stdout, '');
  }
  t.false(existsSync(at('none')));
});

test('help names the kinds and their options', async (t) => {
  const { code, stdout } = await runMain(['corpus', '--help']);
  t.is(code, 0);
  for (const word of ['debian', 'synthetic', 'dir', 'trials/channel.txt']) t.true(stdout.includes(word));
  t.regex((await runMain(['corpus', 'dir', '--help'])).stdout, /--speaker <part>[\s\S]*Example: voxloop corpus dir/);
});

/** Starts a build and sends SIGINT at a line of its progress. */
async function interrupt(when: RegExp, ...args: string[]): Promise<{ code: number; stderr: string }> {
  const child = spawn(process.execPath, [bin, 'corpus', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exit = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line);
    if (when.test(line) && !child.killed) child.kill('SIGINT');
  }
  return { code: (await exit)[0], stderr: lines.join('\n') };
}

test('Ctrl-C ends dir with code 130; the same command goes on', async (t) => {
  writeRecordings(at('many'), ['x'], 250);
  const args = ['dir', '--root', at('many'), '--min-seconds', '0.2', '--jobs', '1', '--out', at('stopped')];
  const { code, stderr } = await interrupt(/ of 250/, ...args);
  t.is(code, 130, stderr);
  t.regex(stderr, /The same command goes on from here/);
  t.false(existsSync(at('stopped')));
  t.true(readdirSync(at('stopped.partial/wav/unknown')).length > 0);
  const resumed = await corpus(...args);
  t.is(resumed.code, 0, resumed.stderr);
  t.regex(resumed.stderr, /Resuming an interrupted build/);
  t.regex(resumed.stdout, /250 utterances/);
});

test('Ctrl-C leaves nothing of a synthetic corpus', async (t) => {
  const { code, stderr } = await interrupt(/./, 'synthetic', '--out', at('voiceless'), '--jobs', '1');
  t.is(code, 130, stderr);
  t.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('voiceless')),
    [],
  );
});
