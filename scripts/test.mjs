// Lint, structure check and AVA; then the slowest tests and one line `N passed, N failed`. `node scripts/test.mjs [test files]` narrows
// to these files.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { slowest } from './slowest.mjs';
import { readTap } from './tap.mjs';

const root = join(import.meta.dirname, '..');
const files = process.argv.slice(2).map(compiled);
const totals = { passed: 0, failed: 0 };

if (files.length === 0) await runEverything();
else await runAva(files);

console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed > 0 ? 1 : 0;

async function runEverything() {
  await check('lint and format', 'node_modules/@biomejs/biome/bin/biome', 'check', '.');
  await check('structure', 'scripts/check-imports.mjs');
  const folder = mkdtempSync(join(tmpdir(), 'voxloop-times-'));
  const times = join(folder, 'times.jsonl');
  writeFileSync(times, '');
  await runAva([], times);
  for (const line of slowest(readFileSync(times, 'utf8'), 10)) console.log(line);
  rmSync(folder, { recursive: true });
}

/** test/io/npy.test.ts -> dist/test/io/npy.test.js */
function compiled(file) {
  const path = file.replace(/^\.\//, '').replace(/\.ts$/, '.js');
  return path.startsWith('dist/') ? path : `dist/${path}`;
}

/** Runs a script as one test; its output is shown. */
async function check(title, script, ...args) {
  const status = await exitOf(node(script, args, ['ignore', 'inherit', 'inherit']));
  count(status === 0, title);
}

/** Runs AVA on these compiled test files, on all without any; `times` is a file for the tests' durations. */
async function runAva(testFiles, times) {
  const ava = times ? 'scripts/timed-ava.mjs' : 'node_modules/ava/entrypoints/cli.mjs';
  const environment = times && { VOXLOOP_TEST_TIMES: times };
  const child = node(ava, ['--tap', ...testFiles], ['ignore', 'pipe', 'inherit'], environment);
  const exit = exitOf(child);
  let complete = false;
  for await (const event of readTap(createInterface({ input: child.stdout }))) {
    if (event.kind === 'test') count(event.ok, event.title);
    else if (event.kind === 'plan') complete = true;
    else console.log(event.text);
  }
  const status = await exit;
  // A test file that takes the whole of AVA down must not pass for a short list of tests.
  if (!complete || (status !== 0 && totals.failed === 0)) count(false, `AVA ended early (exit code ${status})`);
}

function node(script, args, stdio, environment) {
  const env = { ...process.env, ...environment };
  return spawn(process.execPath, [join(root, script), ...args], { cwd: root, env, stdio });
}

function exitOf(child) {
  return new Promise((resolve) => child.on('close', resolve));
}

function count(ok, title) {
  if (ok) totals.passed++;
  else totals.failed++;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${title}`);
}
