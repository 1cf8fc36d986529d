import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import test from 'ava';
import { bin, runCli } from '../helpers/run-cli.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

test('--version and --help print to stdout and exit with 0', async (t) => {
  t.deepEqual(await runCli(['--version']), { code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  const help = await runCli(['--help']);
  t.deepEqual([help.code, help.stderr], [0, '']);
  for (const command of ['setup', 'doctor', 'run', 'plugins', 'embed', 'metrics']) {
    t.regex(help.stdout, new RegExp(`^ {2}${command} `, 'm'));
  }
});

test('--help loads no tensor code, no YAML, no zod', async (t) => {
  const folder = temporaryFolder(t, {
    'record.mjs': `
import { register } from 'node:module';
const hooks = "export async function load(url, context, next) { console.error('loaded ' + url); return next(url, context); }";
register('data:text/javascript,' + encodeURIComponent(hooks));
`,
  });
  const { code, stderr } = await runCli(['--help'], { node: ['--import', `${folder}/record.mjs`] });
  t.is(code, 0);
  const loaded = stderr.match(/^loaded .*/gm) ?? [];
  t.true(loaded.some((line) => line.endsWith('dist/src/cli/main.js')));
  t.deepEqual(
    loaded.filter((line) => /tensorflow|tfjs|koffi|zod|yaml|sucrase|src\/engine|src\/stages/.test(line)),
    [],
  );
});

test('wrong usage exits with 2 and suggests what was meant', async (t) => {
  const cases: [string[], RegExp][] = [
    [['rn'], /unknown command 'rn'\n\(Did you mean run\?\)/],
    [['run', 'x.yaml', '--dryrun'], /unknown option '--dryrun'\n\(Did you mean --dry-run\?\)/],
    [['run'], /missing required argument 'config'\n`voxloop run --help` has the arguments and options\.\n$/],
    [['--verson'], /unknown option '--verson'\n\(Did you mean --version\?\)/],
    [[], /^Usage: voxloop/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await runCli(args);
    t.is(code, 2, args.join(' '));
    t.is(stdout, '');
    t.regex(stderr, message);
  }
});

test('what the user can mend is one message, without a stack; exit code 2', async (t) => {
  const { code, stdout, stderr } = await runCli(['run', 'nowhere.yaml']);
  t.deepEqual([code, stdout], [2, '']);
  t.is(stderr, 'nowhere.yaml: there is no such config file\n');
});

test('a fault of ours says so, with its stack; exit code 1', async (t) => {
  const source = `
import { defineStage, z } from 'voxloop';
export default defineStage({
  name: 'broken', summary: 'x', options: z.strictObject({ late: z.boolean().default(false) }),
  async run(_context, { late }) {
    if (late) return new Promise(() => setTimeout(() => { throw new TypeError('boom'); }, 10));
    throw new TypeError('boom');
  },
});`;
  const yaml = 'plugins: [mine.ts]\nstages: [{stage: broken}]\n';
  const cwd = temporaryFolder(t, { 'mine.ts': source, 'demo.yaml': yaml });
  for (const settings of [[], ['--set', 'broken.late=true']]) {
    const { code, stderr } = await runCli(['run', 'demo.yaml', ...settings], { cwd });
    t.is(code, 1);
    t.regex(stderr, /TypeError: boom\n {4}at .*\nThis is a fault in voxloop \(.*\)\.\n$/s);
  }
});

test('an option of a command may have the name of an option of the program', async (t) => {
  const { code, stdout, stderr } = await runCli(['setup', '--version']);
  t.deepEqual([code, stdout], [2, '']);
  t.regex(stderr, /option '--version <version>' argument missing/);
});

test('a reader that goes away early is no fault', async (t) => {
  const child = spawn(process.execPath, [bin, 'plugins', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  t.deepEqual([code, stderr], [0, '']);
});

(existsSync('/dev/full') ? test : test.skip)(
  'a full disk behind standard output is told, without a stack',
  async (t) => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [bin, '--version'], { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    let stderr = '';
    child.stderr!.on('data', (text) => {
      stderr += text;
    });
    const [code] = await once(child, 'close');
    t.is(code, 2);
    t.regex(stderr, /^The disk is full: what is printed here was not written\. [^\n]*\n$/);
  },
);
