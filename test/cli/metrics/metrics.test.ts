import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { writeNpy } from '../../../src/io/npy.js';
import { bin, type Outcome } from '../../helpers/run-cli.js';
import { runMain } from '../../helpers/run-main.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

interface Given {
  fromStdin?: boolean;
  json?: boolean;
  /** Behind the file; FOLDER stands for the folder of the files. */
  more?: string[];
  /** What else lies in the folder. */
  write?: (folder: string) => void;
  file?: string;
}

/** Runs the command on a file with this text or, in a process of its own, with it as standard input. */
async function metrics(
  text: string,
  { fromStdin = false, json = true, more = [], write, file = 'scores.txt' }: Given = {},
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'voxloop-metrics-'));
  writeFileSync(join(folder, 'scores.txt'), text);
  write?.(folder);
  const given = [fromStdin ? '-' : join(folder, file), ...more.map((word) => word.replace('FOLDER', folder))];
  const args = ['metrics', ...given, ...(json ? ['--json'] : [])];
  const outcome = await (fromStdin ? piped(args, text) : runMain(args));
  rmSync(folder, { recursive: true });
  return { ...outcome, stderr: outcome.stderr.replaceAll(folder, '') };
}

function piped(args: readonly string[], text: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const done = (error: ExecFileException | null, stdout: string, stderr: string) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    execFile(process.execPath, [bin, ...args], done).stdin?.end(text);
  });
}

const EXPECTED = { trials: 4, targets: 2, eer: 0.5, minDcf: { '0.01': 0.5, '0.05': 0.5 } };
const NAMED = 'a b 1 0.9\na c 0 0.5\nc d target 0.4\nb d nontarget 0.1\n';

test('--json prints counts and fractions, from a file and from standard input', async (t) => {
  const text = '0.9 1\n0.5 0\n0.4 target\n0.1 nontarget\n';
  for (const fromStdin of [false, true]) {
    const { code, stdout, stderr } = await metrics(text, { fromStdin });
    t.is(code, 0, stderr);
    t.like(JSON.parse(stdout), EXPECTED);
    t.is(stderr, '');
  }
});

test('without --json a table is printed', async (t) => {
  const { code, stdout } = await metrics('0.9 1\n0.5 0\n0.4 1\n0.1 0\n', { json: false });
  t.is(code, 0);
  t.regex(stdout, /EER, interpolated +50\.000 %/);
  t.regex(stdout, /trials +4 \(2 target, 2 nontarget\)/);
});

test('a broken line, one class only and an empty file are errors of the user, on stderr', async (t) => {
  const cases: [string, RegExp][] = [
    ['0.9 1\nabc 0\n', /scores\.txt:2: .*"abc 0"/],
    ['0.9 1\n0.8 1\n', /scores\.txt holds 2 target and 0 nontarget/],
    ['', /scores\.txt holds 0 target and 0 nontarget/],
  ];
  for (const [text, message] of cases) {
    const { code, stdout, stderr } = await metrics(text);
    t.is(code, 2);
    t.is(stdout, '');
    t.regex(stderr, message);
  }
});

test('rules, priors, costs and thresholds are chosen by options', async (t) => {
  const options = ['--rule', 'nearest-mean', '--prior', '0.5', '--prior', '0.2', '--cost-miss', '4', '--unnormalised'];
  const { code, stdout, stderr } = await metrics(NAMED, { more: [...options, '--far', '0,0.5,1'] });
  t.is(code, 0, stderr);
  const found = JSON.parse(stdout);
  t.like(found, { rule: 'nearest-mean', eer: found.eerByRule['nearest-mean'] });
  // Half the nontargets accepted, no target missed: 0.5 (1 - p).
  t.deepEqual(found.minDcf, { '0.2': 0.4, '0.5': 0.25 });
  t.deepEqual(found.costs, { costMiss: 4, costFalseAlarm: 1, normalised: false });
  t.deepEqual(
    found.thresholds.map((row: { threshold: number | null }) => row.threshold),
    [0.5, 0.1, null],
  );
});

test('scores and labels come from .npy files', async (t) => {
  const scores = Float32Array.of(0.9, 0.5, 0.4, 0.1);
  const write = (folder: string) => {
    writeNpy(join(folder, 's.npy'), [4], scores);
    writeNpy(join(folder, 'l.npy'), [4, 1], BigInt64Array.of(1n, 0n, 1n, 0n));
    writeNpy(join(folder, 'short.npy'), [3], Int32Array.of(1, 0, 1));
    writeNpy(join(folder, 'odd.npy'), [4], Int32Array.of(1, 0, 2, -1));
    writeNpy(join(folder, 'nan.npy'), [4], Float32Array.of(Number.NaN, 1, Number.NaN, 0));
  };
  const run = (...more: string[]) => metrics('', { more, write, file: 's.npy' });
  const { stdout, stderr } = await run('--labels', 'FOLDER/l.npy');
  t.is(stderr, '');
  t.like(JSON.parse(stdout), EXPECTED);
  const faults: [string[], RegExp][] = [
    [[], /holds no labels.*--labels/],
    [['--labels', 'FOLDER/short.npy'], /4 scores and .*short\.npy 3 labels/],
    [['--labels', 'FOLDER/odd.npy'], /2 labels are neither 0 nor 1, first 2 at trial 2/],
    [['--labels', 'FOLDER/l.npy', '--utterances', 'x'], /names in a text file/],
  ];
  for (const [more, message] of faults) {
    const failed = await run(...more);
    t.is(failed.code, 2);
    t.regex(failed.stderr, message);
  }
  const broken = await metrics('', { more: ['--labels', 'FOLDER/l.npy'], write, file: 'nan.npy' });
  t.regex(broken.stderr, /2 trials are not numbers: 0, 2 /);
});

test('the DET curve goes to a file', async (t) => {
  const folder = temporaryFolder(t);
  await metrics(NAMED, { more: ['--det', join(folder, 'det.json')] });
  t.deepEqual(JSON.parse(readFileSync(join(folder, 'det.json'), 'utf8')), [
    { falseAlarm: 1, miss: 0 },
    { falseAlarm: 0.5, miss: 0 },
    { falseAlarm: 0.5, miss: 0.5 },
    { falseAlarm: 0, miss: 0.5 },
    { falseAlarm: 0, miss: 1 },
  ]);
});

test('with a manifest: intervals by speaker, groups, and repeated trials', async (t) => {
  const manifest = [
    'id\tpath\tspeaker\tgender\tseconds',
    'a\ta.wav\tS1\tf\t1',
    'b\tb.wav\tS1\tf\t1.5',
    'c\tc.wav\tS2\tf\t3',
    'd\td.wav\tS2\tm\t4',
    'e\te.wav\tS3\tm\t4',
  ].join('\n');
  const write = (folder: string) => writeFileSync(join(folder, 'manifest.tsv'), manifest);
  const more = ['--utterances', 'FOLDER', '--groups', 'gender,seconds', '--replicates', '20'];
  const { stdout, stderr } = await metrics(`${NAMED}a b 1 0.9\na e 0 0.2\n`, { more, write });
  t.is(stderr, '');
  const found = JSON.parse(stdout);
  t.deepEqual(found.repeated, { count: 1, examples: ['a b'] });
  t.deepEqual(found.groups.gender.f, { trials: 3, targets: 2, eer: 0 });
  t.deepEqual(Object.keys(found.groups.seconds), ['< 2 s', '2-5 s']);
  t.true(found.interval.eer[0] <= found.interval.eer[1] && found.interval.minDcf['0.01'].length === 2);
  const two = await metrics(NAMED, { more, write });
  t.is(JSON.parse(two.stdout).interval, null, 'of two speakers there is none');
  const text = await metrics(NAMED, { more, write, json: false });
  t.regex(text.stdout, /gender +trials/);
  const without = await metrics(NAMED, { more: ['--groups', 'gender'] });
  t.is(without.code, 2);
  t.regex(without.stderr, /--groups needs --utterances/);
});

test('where the columns may stand in another order, the option that names them is shown', async (t) => {
  const { code, stderr } = await metrics('0.5 1\n0.25 x\n');
  t.is(code, 2);
  t.regex(stderr, /:2: .*\nIf the columns are in another order, name them: --columns enrol,test,score,label\.$/m);
});

for (const [option, value, message] of [
  ['--prior', '1', /--prior <p>' argument '1' is invalid\. It must be a probability/],
  ['--cost-miss', '0', /--cost-miss <cost>' argument '0' is invalid\. It must be a number above 0/],
  ['--far', '0.1,2', /--far <rates>' argument '0\.1,2' is invalid\. It must be numbers from 0 to 1/],
  ['--replicates', '1.5', /--replicates <count>' argument '1\.5' is invalid\. It must be a whole number/],
  ['--columns', 'score', /columns "score" are not/],
  ['--duration-edges', '5,2', /rising/],
  ['--labels', 'x.npy', /--labels belongs to an \.npy/],
] as const) {
  test(`${option} ${value} is refused`, async (t) => {
    const { code, stderr } = await metrics(NAMED, { more: [option, value] });
    t.is(code, 2);
    t.regex(stderr, message);
  });
}
