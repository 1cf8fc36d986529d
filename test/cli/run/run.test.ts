import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { fakePlugins } from '../../helpers/recipes/fake-plugins.js';
import { type Outcome, runCli } from '../../helpers/run-cli.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const recipe = `plugins: [mine.ts]
stages:
  - {stage: count, as: one}
  - {stage: count, as: two, to: 6}
  - {stage: add, counts: [one, two]}
`;

const setUp = (t: ExecutionContext) => temporaryFolder(t, { 'demo.yaml': recipe, 'mine.ts': fakePlugins });

const records = (dir: string) =>
  ['one', 'two', 'add'].map((as) => {
    const { key, result } = JSON.parse(readFileSync(join(dir, 'stages', as, 'stage.json'), 'utf8'));
    return { key, result };
  });

test.serial('the table goes to stdout, the talk to stderr; a rerun skips', async (t) => {
  const cwd = setUp(t);
  const { code, stdout, stderr } = await runCli(['run', 'demo.yaml'], { cwd });
  t.deepEqual([code, stdout], [0, 'total 27\n']);
  t.regex(stderr, /^demo: demo.yaml in runs\/demo, seed 1\n1\/3 one \(count\)\none from the start\none 1\/3 33%/);
  t.regex(stderr, /2\/3 two \(count\): done in \d+\.\d s\n/);
  const model = join('runs', 'demo', 'stages', 'add', 'model');
  mkdirSync(join(cwd, model));
  writeFileSync(join(cwd, model, 'model.safetensors'), '');
  const again = await runCli(['run', 'demo.yaml', '--out', 'runs/demo'], { cwd });
  t.deepEqual([again.code, again.stdout], [0, 'total 27\n']);
  t.regex(
    again.stderr,
    /1\/3 one \(count\): done before\n2\/3 two \(count\): done before\n3\/3 add: done before\nwritten: runs\/demo\/stages\/add\/model\n$/,
  );
});

test.serial('a killed run goes on inside its stage, and ends as an undisturbed one', async (t) => {
  const cwd = setUp(t);
  const kill = (stderr: string, child: { kill(signal: 'SIGKILL'): unknown }) => {
    if (stderr.includes('two 1/6')) child.kill('SIGKILL');
  };
  const slow = ['--set', 'two.pauseMs=50'];
  const killed = await runCli(['run', 'demo.yaml', '--out', 'killed', ...slow], { cwd, watch: kill });
  t.is(killed.code, null);
  t.true(existsSync(join(cwd, 'killed', 'lock')) && !existsSync(join(cwd, 'killed/stages/two/stage.json')));
  const resumed = await runCli(['run', 'demo.yaml', '--out', 'killed', ...slow], { cwd });
  t.is(resumed.code, 0, resumed.stderr);
  t.regex(resumed.stderr, /1\/3 one \(count\): done before\n2\/3 two \(count\): goes on\n/);
  const straight = await runCli(['run', 'demo.yaml', '--out', 'straight', ...slow], { cwd });
  t.is(resumed.stdout, straight.stdout);
  t.deepEqual(records(join(cwd, 'killed')), records(join(cwd, 'straight')));
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test.serial(`${signal} stops at the next checkpoint with exit code 130; the same command goes on`, async (t) => {
    const cwd = setUp(t);
    let sent = false;
    const args = ['run', 'demo.yaml', '--set', 'two.pauseMs=100'];
    const stopped = await runCli(args, {
      cwd,
      watch(stderr, child) {
        if (!sent && stderr.includes('two 1/6')) sent = child.kill(signal);
      },
    });
    t.is(stopped.code, 130);
    t.regex(stopped.stderr, /stopping after the next checkpoint; press Ctrl-C again to stop at once\n/);
    t.regex(stopped.stderr, /Stopped. The same command goes on from here.\n$/);
    t.false(existsSync(join(cwd, 'runs/demo/lock')));
    const resumed = await runCli(args, { cwd });
    t.deepEqual([resumed.code, resumed.stdout], [0, 'total 27\n']);
    t.regex(resumed.stderr, /two resumed at [1-5]\n/);
  });
}

test.serial('a second Ctrl-C leaves at once; two signals of one key press are one', async (t) => {
  const cwd = setUp(t);
  let sent = 0;
  const interrupt = (child: { kill(signal: 'SIGINT'): boolean }) => {
    sent += Number(child.kill('SIGINT'));
  };
  const { code, stderr } = await runCli(['run', 'demo.yaml', '--set', 'two.pauseMs=100000'], {
    cwd,
    watch(stderr, child) {
      if (sent === 0 && stderr.includes('two 1/6')) interrupt(child);
      else if (sent === 1 && stderr.includes('stopping')) {
        interrupt(child);
        setTimeout(() => interrupt(child), 800);
      }
    },
  });
  t.deepEqual([code, sent], [130, 3]);
  t.false(stderr.includes('Stopped.'));
});

test.serial('two runs in one directory: the second is told', async (t) => {
  const cwd = setUp(t);
  const args = ['run', 'demo.yaml', '--set', 'two.pauseMs=100000'];
  let second: Promise<Outcome> | undefined;
  await runCli(args, {
    cwd,
    watch(stderr, child) {
      if (second || !stderr.includes('two 1/6')) return;
      second = runCli(args, { cwd });
      second.finally(() => child.kill('SIGKILL'));
    },
  });
  const { code, stderr } = await second!;
  t.is(code, 2);
  t.regex(stderr, /runs\/demo is in use by process \d+ on .*Wait for it, or choose another --out/);
});

test.serial('--dry-run prints the resolved config and the plan, and writes nothing', async (t) => {
  const cwd = setUp(t);
  const { code, stdout, stderr } = await runCli(['run', 'demo.yaml', '--dry-run', '--set', 'seed=4'], { cwd });
  t.is(code, 0);
  t.regex(
    stdout,
    /^name: demo\nseed: 4\ndevice: auto\nthreads: 0\nplugins:\n {2}- .*mine.ts\nstages:\n {2}- stage: count\n/,
  );
  t.is(stderr, 'plan for runs/demo:\n  1/3 one (count): to do\n  2/3 two (count): to do\n  3/3 add: to do\n');
  t.false(existsSync(join(cwd, 'runs')));
});

test.serial('--dry-run and a real run tell what is missing before anything is done', async (t) => {
  const cwd = setUp(t);
  for (const extra of [['--dry-run'], []]) {
    const { code, stderr } = await runCli(['run', 'demo.yaml', '--set', 'two.needs=/no/such/data', ...extra], { cwd });
    t.is(code, 2);
    t.regex(stderr, /\ntwo \(count\): \/no\/such\/data does not exist\n$/);
    t.false(existsSync(join(cwd, 'runs/demo/stages')));
  }
});

test.serial('a config with faults: all of them, exit code 2', async (t) => {
  const cwd = setUp(t);
  const { code, stderr } = await runCli(['run', 'demo.yaml', '--set', 'two.to=x', '--set', 'one.too=1'], { cwd });
  t.is(code, 2);
  t.is(
    stderr,
    `--set two.to=x: 'to' of stage 'count' must be a number, but is "x"
--set one.too=1: unknown key 'too' in stage 'count'; did you mean 'to'?
`,
  );
});

test.serial('--force-stage does a stage again, with what is made from it', async (t) => {
  const cwd = setUp(t);
  await runCli(['run', 'demo.yaml'], { cwd });
  const { stderr } = await runCli(['run', 'demo.yaml', '--force-stage', 'one'], { cwd });
  t.regex(stderr, /one from the start\n/);
  t.regex(stderr, /2\/3 two \(count\): done before\n3\/3 add\n/);
});
